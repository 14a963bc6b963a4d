// The week board. Every part improves something that works as links and forms; htmx may replace any part of the page.
import "./roster/keyboard.js";
import "./roster/modes.js";
import "./roster/dragging.js";
import "./roster/selecting.js";
import "./roster/times.js";
