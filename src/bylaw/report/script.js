"use strict";
(() => {
  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);
  root.classList.add("scripted");

  // Colours: automatic, light, dark. Storage may be forbidden for pages opened from disk; then it lasts for the visit.
  const themes = { auto: ["Auto", "automatic"], light: ["Light", "light"], dark: ["Dark", "dark"] };
  const button = byId("theme");
  const recall = () => { try { return localStorage.getItem("bylaw-theme"); } catch { return null; } };
  const keep = (name) => { try { localStorage.setItem("bylaw-theme", name); } catch { /* not kept */ } };
  let theme = recall() in themes ? recall() : "auto";
  const paint = () => {
    if (theme === "auto") delete root.dataset.theme; else root.dataset.theme = theme;
    button.textContent = themes[theme][0];
    button.setAttribute("aria-label", `Colours: ${themes[theme][1]}`);
  };
  button.addEventListener("click", () => {
    const names = Object.keys(themes);
    theme = names[(names.indexOf(theme) + 1) % names.length];
    keep(theme);
    paint();
  });
  paint();

  // The section in view is marked in the navigation.
  const links = new Map([...document.querySelectorAll("nav a")].map((a) => [a.hash.slice(1), a]));
  const mark = (id) => links.forEach((a, key) => {
    if (key === id) a.setAttribute("aria-current", "true"); else a.removeAttribute("aria-current");
  });
  const watch = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) mark(entry.target.id);
  }, { rootMargin: "-15% 0px -75% 0px" });
  links.forEach((_, id) => watch.observe(byId(id)));

  // Tables that are opened for paper.
  addEventListener("beforeprint", () => document.querySelectorAll("details.more").forEach((one) => { one.open = true; }));

  if (!byId("by-principle")) return;
  const rows = [...document.querySelectorAll(".transcript")].map((node) => ({
    node,
    details: node.querySelector("details"),
    principles: JSON.parse(node.dataset.principles),
    changed: node.dataset.changed === "1",
    words: node.textContent.toLowerCase(),
  }));
  const filter = () => {
    const principle = byId("by-principle").value;
    const words = byId("by-words").value.toLowerCase().split(/\s+/).filter(Boolean);
    const changed = byId("only-changed").checked;
    let shown = 0;
    for (const row of rows) {
      const fits = (!principle || row.principles.includes(principle)) && (!changed || row.changed)
        && words.every((word) => row.words.includes(word));
      row.node.hidden = !fits;
      shown += fits;
    }
    byId("shown").textContent = `${shown} shown`;
    byId("none-shown").hidden = shown > 0;
  };
  for (const id of ["by-principle", "by-words", "only-changed"]) byId(id).addEventListener("input", filter);
  byId("plain").addEventListener("input", (event) => root.classList.toggle("plain", event.target.checked));
  byId("open-all").addEventListener("click", () => rows.forEach((row) => { if (!row.node.hidden) row.details.open = true; }));
  byId("close-all").addEventListener("click", () => rows.forEach((row) => { row.details.open = false; }));
  document.querySelectorAll("[data-principle]").forEach((one) => one.addEventListener("click", () => {
    byId("by-principle").value = one.dataset.principle;
    filter();
    byId("transcripts").scrollIntoView();
    byId("by-principle").focus({ preventScroll: true });
  }));

  // A link to #t7 opens transcript 7. Browsers restore form values on reload: filter once at the start.
  const follow = () => {
    const row = rows.find((one) => `#${one.node.id}` === location.hash);
    if (row) { row.node.hidden = false; row.details.open = true; row.node.scrollIntoView(); }
  };
  addEventListener("hashchange", follow);
  filter();
  root.classList.toggle("plain", byId("plain").checked);
  follow();
})();
