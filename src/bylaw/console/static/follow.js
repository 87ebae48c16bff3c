// The list of decisions follows: the server says that something is new, and the rows are asked for again.
"use strict";

(() => {
  const live = document.getElementById("live"), rows = document.getElementById("rows");
  const state = document.getElementById("state"), pause = document.getElementById("pause");
  if (!live || !live.dataset.events || !state || !window.EventSource) return;
  let paused = false, waiting = false, asking = false;

  const say = (text) => { if (state.textContent !== text) state.textContent = text; };

  async function renew() {
    // not under somebody's hands: rows that change while they are read or chosen from are worse than old ones
    if (paused || asking || rows.contains(document.activeElement)) { waiting = true; return; }
    asking = true;
    waiting = false;
    try {
      const answer = await fetch(live.dataset.rows, { credentials: "same-origin", redirect: "error" });
      if (!answer.ok) throw new Error(String(answer.status));
      rows.innerHTML = await answer.text();
      say("Following: new decisions appear by themselves.");
    } catch {
      source.close();
      say("Not following any more. Load the page again.");
    } finally {
      asking = false;
    }
    if (waiting) setTimeout(renew, 1000);
  }

  const source = new EventSource(live.dataset.events);
  source.onopen = () => { say(paused ? "Paused." : "Following: new decisions appear by themselves."); };
  source.onmessage = renew;
  source.onerror = () => { if (source.readyState === EventSource.CLOSED) say("Not following any more. Load the page again."); };

  document.getElementById("switch").hidden = false;
  pause.addEventListener("click", () => {
    paused = !paused;
    pause.textContent = paused ? "Go on" : "Pause";
    say(paused ? "Paused." : "Following: new decisions appear by themselves.");
    if (!paused) renew();
  });
  rows.addEventListener("focusout", () => { if (waiting) setTimeout(renew, 200); });
})();
