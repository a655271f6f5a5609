// Reads an invitation as a calendar does that somebody else wrote: prints what it would show up to the instant given.
import { readFileSync } from "node:fs";
import ICAL from "ical.js";

const until = Number(process.argv[2]);
const calendar = new ICAL.Component(ICAL.parse(readFileSync(0, "utf8")));
for (const zone of calendar.getAllSubcomponents("vtimezone")) ICAL.TimezoneService.register(zone);
const events = calendar.getAllSubcomponents("vevent").map((one) => new ICAL.Event(one));
const master = events.find((one) => !one.isRecurrenceException()) ?? events[0];
events.filter((one) => one !== master).forEach((one) => master.relateException(one));

const shown = [];
const show = ({ item, startDate, endDate }) =>
  shown.push({ start: startDate.toUnixTime(), end: endDate.toUnixTime(), name: item.summary, place: item.location ?? "" });
if (!master.isRecurring()) show({ item: master, startDate: master.startDate, endDate: master.endDate });
else {
  const turns = master.iterator();
  for (let next = turns.next(); next && next.toUnixTime() < until; next = turns.next()) show(master.getOccurrenceDetails(next));
}
shown.sort((one, two) => one.start - two.start);
const first = events.map((one) => one.component.getFirstProperty("recurrence-id")?.getFirstValue().toUnixTime() ?? null);
console.log(JSON.stringify({
  method: calendar.getFirstPropertyValue("method"),
  uids: events.map((one) => one.uid),
  sequences: events.map((one) => one.sequence),
  recurrences: first,
  status: events.map((one) => one.component.getFirstPropertyValue("status")),
  organizer: master.organizer,
  attendees: master.attendees.map((one) => one.getFirstValue()),
  shown,
}));
