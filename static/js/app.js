// Enhancements only: every page does its main task without this file.
import htmx from "htmx.org/dist/htmx.esm.js";
import { askFirst } from "./confirm.js";
import { offerToCopy } from "./copy.js";
import { carryToken } from "./csrf.js";
import { filterAsYouGo, foldFilters } from "./filters.js";
import { guardForms } from "./guard.js";
import { walkTheYear } from "./heat.js";
import { listenToKeys } from "./keys.js";
import { closeMenus } from "./menus.js";
import { openPalette } from "./palette.js";
import { rescheduleInWeek } from "./reschedule.js";
import { followRoom } from "./room.js";
import { openRows } from "./rows.js";

window.htmx = htmx;
carryToken();
askFirst();
guardForms();
closeMenus();
offerToCopy();
openRows();
filterAsYouGo(htmx);
foldFilters();
rescheduleInWeek();
walkTheYear();
followRoom(htmx);
const palette = openPalette();
listenToKeys(palette);
