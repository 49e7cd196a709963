// Two minutes before the session ends there is a warning and one press to stay.
import { askJson } from "../shared/json.js";

// What changes when a page hears how long the session goes on by now; on a page without an end it is of no consequence.
let prolong = () => {};

/** A page that saves by itself tells how long the session goes on by now. */
export const heard = (limits) => prolong(limits);

const body = document.body;
const ending = document.getElementById("ending");
if (body.dataset.ends && ending) {
  const skew = Date.now() - Date.parse(body.dataset.now);
  let ends = Date.parse(body.dataset.ends) + skew;
  const stay = document.getElementById("stay");
  // Nothing typed is lost: it is put aside, sealed, and is there again after signing in.
  const atFirst = (select) => Math.max(0, [...select.options].findIndex((option) => option.defaultSelected));
  const changed = (field) => field.options ? field.selectedIndex !== atFirst(field)
    : field.checked !== field.defaultChecked || (!["checkbox", "radio"].includes(field.type) && field.value !== field.defaultValue);
  const typed = (form) => [...form.querySelectorAll("textarea, input, select")]
    .some((field) => !["hidden", "password", "file"].includes(field.type) && changed(field));
  const keep = async () => {
    const form = [...document.querySelectorAll("main form[method=post]")].find(typed);
    if (!form) return true;
    const fields = new FormData(form);
    for (const [name, value] of [...fields]) if (value instanceof File) fields.delete(name);
    fields.set("kept_for", window.location.pathname);
    try {
      return (await fetch(stay.dataset.keep, { method: "POST", body: fields, signal: AbortSignal.timeout(5000) })).ok;
    } catch { return false; }
  };
  const look = () => {
    const left = ends - Date.now();
    ending.hidden = left > 120000;
    // What cannot be put off any longer says so instead of offering it.
    const over = ends >= Date.parse(body.dataset.absolute) + skew;
    document.getElementById("ending-text").hidden = over;
    document.getElementById("over-text").hidden = !over;
    stay.hidden = over;
    if (left <= 0) {
      // Also on a machine that slept and finds only now that it is over. Without an answer the page stays: it holds what was typed.
      keep().then((done) => { if (done) window.location.reload(); else window.setTimeout(look, 3000); });
      return;
    }
    window.setTimeout(look, left > 120000 ? Math.min(left - 119000, 30000) : 1000);
  };
  prolong = (limits) => {
    ends = Date.parse(limits.ends) + (Date.now() - Date.parse(limits.now));
    ending.hidden = true;
  };
  stay.addEventListener("submit", async (event) => {
    event.preventDefault();
    const answer = await askJson(stay.action, { method: "POST", body: new FormData(stay) });
    if (!answer.ok || answer.redirected) { window.location.reload(); return; }
    prolong(await answer.json());
  });
  look();
}
