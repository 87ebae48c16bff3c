// What makes waiting easier. Every page works without it.
"use strict";

function span(seconds) {
  const units = [["days", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  let left = Math.max(0, Math.floor(seconds));
  const said = [];
  for (const [unit, size] of units) {
    if (left >= size) {
      const n = Math.floor(left / size);
      said.push(n + " " + (unit === "days" && n === 1 ? "day" : unit));
      left %= size;
    } else if (said.length) break;
    if (said.length === 2) break;
  }
  return said.join(" ") || "0 s";
}

// <time data-countdown datetime="…">: how long it is until then.
for (const each of document.querySelectorAll("time[data-countdown]")) {
  const until = Date.parse(each.dateTime);
  const tick = () => { each.textContent = "in " + span((until - Date.now()) / 1000); };
  if (until > Date.now()) { tick(); setInterval(tick, 1000); }
}
