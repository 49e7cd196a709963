// Writing a tool together: every answer is saved by itself a moment after it was written, others' answers come in,
// and whoever is in an answer is named there. What could not be saved stays in the page and is sent again; nothing is
// ever put into the browser's storage. Without this script the form is saved by its button.
import { askJson } from "../shared/json.js";
import { heard } from "../signin/session.js";

const form = document.querySelector("form[data-autosave]");
if (form) {
  const PAUSE = 900; // milliseconds after the last key
  const LOOK = 3000; // between two looks at what others do; they are seen within five seconds
  const RETRY = 5000;
  const says = form.querySelector(".saved");
  const say = (which) => { says.textContent = form.dataset[which] || ""; says.dataset.state = which; };
  let key = form.elements.namedItem("csrf_token").value;
  const revision = form.elements.namedItem("revision").value;
  const number = form.elements.namedItem("number").value;
  const me = form.elements.namedItem("me").value;
  let timer = 0;
  let sending = false;
  let cameBack = false;
  let wasInside = "";

  const fieldsOf = (address) => [...form.elements].filter((field) => field.name === address && field.type !== "hidden");
  const isDate = (fields) => Boolean(fields[0]?.closest("[data-date]"));
  const valueOf = (address) => {
    const fields = fieldsOf(address);
    const values = fields.filter((field) => !["checkbox", "radio"].includes(field.type) || field.checked)
      .map((field) => field.value.trim()).filter(Boolean);
    if (!isDate(fields) || values.length < 3 || values[2].length < 4) return values.join(" ");
    const [day, month, year] = values;
    return `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
  };
  // A date is three boxes: while somebody is still in them, half of one is no answer yet.
  const isHalf = (address) => {
    const fields = fieldsOf(address);
    const filled = fields.filter((field) => field.value.trim()).length;
    return isDate(fields) && filled && (filled < 3 || fields[2].value.trim().length < 4)
      && fields.includes(document.activeElement);
  };
  const addresses = [...new Set([...form.elements].map((field) => field.name)
    .filter((name) => name.includes(".") && !name.startsWith("was.")))];
  // What the server has of each answer, as far as this page knows: what is shown, unless the page says otherwise.
  const stood = (address) => form.elements.namedItem(`was.${address}`);
  const known = new Map(addresses.map((address) => [address, stood(address)?.value ?? valueOf(address)]));
  for (const address of addresses) stood(address)?.remove();
  // What the server could not take, as it was sent: not sent again until it is changed.
  const faulty = new Map();
  const changed = () => addresses.filter((address) => valueOf(address) !== known.get(address)
    && valueOf(address) !== faulty.get(address) && !clashes.has(address) && !isHalf(address));
  const unsaved = () => addresses.some((address) => valueOf(address) !== known.get(address));
  const clashes = new Set();
  const groupOf = (address) => {
    const field = document.getElementById(address);
    return field?.closest(".form-group");
  };

  async function save() {
    window.clearTimeout(timer);
    if (sending) { timer = window.setTimeout(save, PAUSE); return; }
    const wanted = new Map(changed().map((address) => [address, valueOf(address)]));
    if (!wanted.size) return;
    sending = true;
    say("writing");
    const body = new URLSearchParams({ csrf_token: key, number, revision, me });
    for (const [address, value] of wanted) {
      body.append(address, value);
      body.append(`was.${address}`, known.get(address));
    }
    let wait = 0;
    try {
      const answer = await askJson(form.action, { method: "POST", body });
      const told = answer.ok && !answer.redirected ? await answer.json() : null;
      if (!told) {
        // Signed out meanwhile, or turned away: what was written stays here and is sent once that has changed.
        const back = await whoIsIn();
        say(back === "another" ? "another" : "ended");
        wait = back === "another" ? 0 : back === "me" && !cameBack ? 1 : RETRY;
        cameBack = back === "me";
      } else if (told.another) {
        say("another");
      } else if (told.faults[""]) {
        say("moved");
      } else if (Object.keys(told.faults).length) {
        for (const address of Object.keys(told.faults)) faulty.set(address, wanted.get(address));
        showFaults(told.faults);
        say("faulty");
        wait = 1;
      } else {
        cameBack = false;
        for (const [address, value] of wanted) { known.set(address, value); faulty.delete(address); }
        showFaults({});
        for (const clash of told.clashes) showClash(clash);
        heard(told);
        document.dispatchEvent(new CustomEvent("portal:drawn", { detail: told.drawings }));
        say(clashes.size ? "both" : faulty.size ? "faulty" : "saved");
        wait = PAUSE;
      }
    } catch {
      // The network is away. What was written stands in the page; it is tried again until it gets through.
      say("unsaved");
      wait = RETRY;
    }
    sending = false;
    if (wait && changed().length) timer = window.setTimeout(save, wait);
  }

  // Who is signed in by now. Whoever has come back in another tab has a new session, and this page gets its key: what
  // was written is sent. Somebody else gets none, and their sign-in never sends these words.
  async function whoIsIn() {
    try {
      const answer = await askJson(`${form.dataset.live}?number=${number}`, { redirect: "error", cache: "no-store" });
      const told = answer.ok ? await answer.json() : null;
      if (!told) return "nobody";
      if (told.me !== me) return "another";
      key = told.key;
      form.elements.namedItem("csrf_token").value = key;
      return "me";
    } catch { return "nobody"; }
  }

  function note(address, className, parts) {
    const group = groupOf(address);
    if (!group) return null;
    group.querySelector(`:scope > .${className}`)?.remove();
    if (!parts.length) return null;
    const box = document.createElement("div");
    box.className = className;
    for (const [tag, text] of parts) { const element = document.createElement(tag); element.textContent = text; box.append(element); }
    group.querySelector(".form-label, legend").after(box);
    if (className === "clash" || className === "live-fault") reveal(group);
    return box;
  }

  // What has to be seen stands in an open row. From then on rows no longer close each other: somebody may be writing in
  // another one.
  function reveal(group) {
    for (const row of form.querySelectorAll("details[name]")) row.removeAttribute("name");
    for (let around = group.closest("details"); around; around = around.parentElement.closest("details")) around.open = true;
  }

  function showFaults(faults) {
    for (const address of addresses) {
      if (faults[address] || !faulty.has(address)) note(address, "live-fault", faults[address] ? [["p", faults[address]]] : []);
    }
  }

  // Both texts side by side, with two buttons: nobody's words go without somebody choosing.
  function showClash(clash) {
    const box = note(clash.address, "clash", [["strong", clash.who], ["p", clash.shown || clash.theirs]]);
    if (!box) return;
    known.set(clash.address, clash.theirs);
    const mine = valueOf(clash.address);
    for (const [label, value] of [[form.dataset.takeTheirs, clash.theirs], [form.dataset.keepMine, mine]]) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "button button-secondary small";
      button.textContent = label;
      button.addEventListener("click", () => { put(clash.address, value); box.remove(); clashes.delete(clash.address); save(); });
      box.append(button);
    }
    clashes.add(clash.address);
  }

  function put(address, value) {
    const several = value.split(" ");
    if (isDate(fieldsOf(address))) {
      const parts = value ? value.split("-").reverse().map((part) => String(Number(part))) : ["", "", ""];
      fieldsOf(address).forEach((field, number) => { field.value = parts[number]; });
      return;
    }
    for (const field of fieldsOf(address)) {
      if (field.type === "checkbox") field.checked = several.includes(field.value);
      else if (field.type === "radio") field.checked = field.value === value;
      else field.value = value;
    }
  }

  // A closed row is known by what it is called.
  function entitle(address) {
    const title = form.querySelector(`[data-title="${CSS.escape(address)}"]`);
    if (title) title.textContent = valueOf(address).split("\n")[0].slice(0, 90) || title.dataset.untitled;
  }

  form.addEventListener("input", (event) => {
    entitle(event.target.name);
    window.clearTimeout(timer);
    timer = window.setTimeout(save, PAUSE);
    if (changed().length) say("writing");
    offerI(event.target);
  });
  form.addEventListener("change", () => { window.clearTimeout(timer); timer = window.setTimeout(save, 100); });
  window.addEventListener("online", save);
  let leaving = false;
  window.addEventListener("beforeunload", (event) => { if (unsaved() && !leaving) event.preventDefault(); });
  form.addEventListener("submit", () => {
    // The button sends the whole page; what each change was based on goes with it.
    leaving = true;
    for (const address of addresses.filter((one) => valueOf(one) !== known.get(one))) {
      const was = form.elements.namedItem(`was.${address}`) || document.createElement("input");
      was.type = "hidden";
      was.name = `was.${address}`;
      was.value = known.get(address);
      form.append(was);
    }
  });
  document.addEventListener("visibilitychange", () => { if (document.hidden) save(); });

  // What others do. A look that finds nothing new costs the server next to nothing.
  let etag = "";
  let looking = 0;
  async function look() {
    const active = document.activeElement;
    // A figure on a drawn map stands for an answer in the table.
    const inside = active?.dataset.address || (active?.form === form && active.name.includes(".") ? active.name : "");
    try {
      if (inside || wasInside) {
        wasInside = inside;
        const here = new URLSearchParams({ csrf_token: key, number, address: inside });
        await askJson(form.dataset.here, { method: "POST", body: here, redirect: "error" });
      }
      const answer = await askJson(`${form.dataset.live}?number=${number}`, {
        headers: { "If-None-Match": etag }, redirect: "error", cache: "no-store",
      });
      if (answer.status === 200) { etag = answer.headers.get("ETag") || ""; show(await answer.json()); }
    } catch { /* away or signed out: the next save says so */ }
    window.clearTimeout(looking);
    if (!document.hidden) looking = window.setTimeout(look, LOOK);
  }
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { look(); save(); } });

  // The server tidies spaces; that is no change, and the field somebody types in is left alone.
  const plain = (text) => text.replace(/\s+/gu, " ").trim();

  function show(told) {
    if (told.moved_on) { say("moved"); return; }
    for (const address of addresses) {
      const value = told.answers[address] || "";
      if (sending || plain(value) === plain(known.get(address))) continue;
      if (valueOf(address) !== known.get(address)) continue; // mine is not saved yet; the server says if both wrote
      known.set(address, value);
      put(address, value);
      entitle(address);
      groupOf(address)?.classList.add("just-came");
      window.setTimeout(() => groupOf(address)?.classList.remove("just-came"), 2500);
    }
    document.dispatchEvent(new CustomEvent("portal:drawn", { detail: told.drawings }));
    const rows = form.querySelector(".rows-changed");
    if (rows) rows.hidden = told.rows === form.dataset.rows;
    for (const group of form.querySelectorAll(".is-here")) group.classList.remove("is-here");
    for (const address of addresses) {
      const names = told.here[address];
      note(address, "here", names ? [["span", names]] : []);
      if (names) groupOf(address)?.classList.add("is-here");
    }
  }
  looking = window.setTimeout(look, 500);

  // "The young person shall" is gently offered as "I shall".
  const THEIRS = /\b(den unge|the young person)\s+(skal|vil|kan|må|har|er|shall|will|can|must|has|is)\b/iu;
  function offerI(field) {
    if (!field.matches?.("[data-first-person]")) return;
    const found = THEIRS.exec(field.value);
    const box = note(field.name, "offer", found ? [["span", form.dataset.iShall]] : []);
    if (!box) return;
    const danish = found[1].toLowerCase() === "den unge";
    const verb = { has: "have", is: "am" }[found[2].toLowerCase()] || found[2];
    const first = found.index === 0 || /[.!?]\s*$/u.test(field.value.slice(0, found.index));
    const words = `${danish ? (first ? "Jeg" : "jeg") : "I"} ${verb}`;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button button-secondary small";
    button.textContent = `“${words}”`;
    button.addEventListener("click", () => {
      field.value = field.value.replace(THEIRS, words);
      box.remove();
      field.focus();
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
    box.append(button);
  }
  for (const field of form.querySelectorAll("[data-first-person]")) offerI(field);
}
