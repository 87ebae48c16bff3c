// Checks the bundle that lies beside this page, in the visitor's browser, with nothing but what the browser has.
(async () => {
  "use strict";
  const table = document.getElementById("files"), verdict = document.getElementById("verdict");
  const say = (cell, mark, text) => { cell.textContent = `${mark} ${text}`; cell.className = `mark ${mark === "✓" ? "yes" : mark === "✗" ? "no" : "open"}`; };
  const cells = new Map([...table.querySelectorAll("tr[data-path]")].map(row => [row.dataset.path, row.querySelector("td.mark")]));
  const hex = buffer => [...new Uint8Array(buffer)].map(byte => byte.toString(16).padStart(2, "0")).join("");
  const bytes = text => Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
  const sha256 = async content => hex(await crypto.subtle.digest("SHA-256", content));
  if (!window.isSecureContext || !window.crypto?.subtle || !location.protocol.startsWith("http")) {
    const why = "not checked: browsers do this only over HTTPS or on localhost";
    for (const cell of cells.values()) say(cell, "–", "not checked");
    return say(verdict, "–", why);
  }
  say(verdict, "–", "checking …");
  const get = async path => {
    const answer = await fetch(`bundle/${path.split("/").map(encodeURIComponent).join("/")}`, { cache: "no-store" });
    if (!answer.ok) throw new Error(`${path} is not there (${answer.status})`);
    return new Uint8Array(await answer.arrayBuffer());
  };
  // A DER signature is two integers; the browser wants them as 32 bytes each (IEEE P1363).
  const raw = der => {
    const part = at => { const size = der[at + 1]; return [der.slice(at + 2, at + 2 + size), at + 2 + size]; };
    const fit = number => { const whole = new Uint8Array(32); const cut = number.slice(-32); whole.set(cut, 32 - cut.length); return whole; };
    const [r, next] = part(2); const [s] = part(next);
    return new Uint8Array([...fit(r), ...fit(s)]);
  };
  const signed = async (envelope, payload) => {
    const text = new TextEncoder(), kind = text.encode(envelope.payloadType);
    const head = text.encode(`DSSEv1 ${kind.length} ${envelope.payloadType} ${payload.length} `);
    const key = await crypto.subtle.importKey("spki", bytes(table.dataset.key), { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"]);
    const how = { name: "ECDSA", hash: "SHA-256" };
    for (const each of envelope.signatures)
      if (await crypto.subtle.verify(how, key, raw(bytes(each.sig)), new Uint8Array([...head, ...payload]))) return true;
    return false;
  };
  let wrong = 0;
  const fail = (cell, text) => { wrong += 1; say(cell, "✗", text); };
  let statement;
  const index = cells.get("bundle.json");
  try {
    const envelope = JSON.parse(new TextDecoder().decode(await get("bundle.json")));
    const payload = bytes(envelope.payload);
    if (await sha256(payload) !== table.dataset.payload) throw new Error("it is not the index this page was made from");
    if (!await signed(envelope, payload)) throw new Error("it is not signed by the key on this page");
    statement = JSON.parse(new TextDecoder().decode(payload));
    say(index, "✓", "signed by the key below");
  } catch (error) {
    for (const [path, cell] of cells) if (path !== "bundle.json") say(cell, "–", "not checked");
    fail(index, error.message);
    return say(verdict, "✗", "the bundle beside this page does not hold together");
  }
  const gone = new Set(statement.predicate.redactions.map(each => each.path));
  for (const { name, digest } of statement.subject) {
    const cell = cells.get(name);
    if (gone.has(name)) { say(cell, "–", "taken out; the reason is above"); continue; }
    try {
      if (await sha256(await get(name)) === digest.sha256) say(cell, "✓", "unchanged");
      else fail(cell, "changed since it was signed");
    } catch (error) { fail(cell, error.message); }
  }
  const checked = statement.subject.filter(each => !gone.has(each.name)).length + 1, out = gone.size ? `, ${gone.size} taken out` : "";
  if (wrong) say(verdict, "✗", `${wrong} of ${checked} files are not as they were signed${out}`);
  else say(verdict, "✓", `all ${checked} files are as they were signed${out}; bundle.zip itself is not checked here`);
})();
