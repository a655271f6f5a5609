"""Questions of the calendar: what lies in some days, how full each day of a year is, what feeds hold."""
