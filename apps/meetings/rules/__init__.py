"""Pure rules of meetings: agendas, quorum, timers."""
