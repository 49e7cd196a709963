// Writing a message: what is written so far is kept on the server a moment after the last key, so that it is there again
// on any device. Nothing is put into the browser's storage. Without this script a button does it.
import { askJson } from "../shared/json.js";
import { heard } from "../signin/session.js";

const form = document.querySelector("form[data-draft]");
if (form) {
  const PAUSE = 1500; // milliseconds after the last key
  const RETRY = 8000;
  const NAMES = ["csrf_token", "submission", "thread", "compartment", "subject", "body"];
  const says = form.querySelector(".saved");
  const say = (which) => { says.textContent = form.dataset[which] || ""; says.dataset.state = which; };
  const words = () => {
    const fields = new URLSearchParams();
    const all = new FormData(form);
    for (const name of NAMES) if (all.has(name)) fields.set(name, all.get(name));
    return fields;
  };
  let known = words().toString();
  let timer = 0;
  let onItsWay = null;
  let left = false;

  async function save() {
    window.clearTimeout(timer);
    const body = words();
    if (left || onItsWay || body.toString() === known) return;
    onItsWay = new AbortController();
    let wait = 0;
    try {
      const answer = await askJson(form.dataset.draft, { method: "POST", body, redirect: "error", signal: onItsWay.signal });
      if (!answer.ok) throw new Error(String(answer.status));
      const told = await answer.json();
      known = body.toString();
      heard(told);
      if (told.saved) say("kept"); else say("");
      wait = PAUSE;
    } catch {
      if (left) return;
      say("unsaved");
      wait = RETRY;
    }
    onItsWay = null;
    if (words().toString() !== known) timer = window.setTimeout(save, wait);
  }

  const later = () => { window.clearTimeout(timer); timer = window.setTimeout(save, PAUSE); };
  form.addEventListener("input", later);
  form.addEventListener("change", later);
  document.addEventListener("visibilitychange", () => { if (document.hidden) save(); });
  window.addEventListener("online", save);
  // What is sent needs no draft: one that is still on its way would come after it.
  form.addEventListener("submit", () => { left = true; window.clearTimeout(timer); onItsWay?.abort(); });
  window.addEventListener("pageshow", () => { left = false; });
}
