// A page of a meeting keeps up with it: what changed is put in its place, and the big screen goes to the answer that is
// being written. When the page may no longer be shown it is loaded again, which shows what may be. Without this script
// the screen is loaded again by itself, and a page by a link.
import { askJson } from "../shared/json.js";

const live = document.querySelector("[data-follow]");
if (live) {
  const LOOK = 3000; // milliseconds between two looks: what is new is seen within five seconds
  const says = document.querySelector("[data-says]");
  let mark = `"${live.dataset.mark}"`;
  let next = 0;

  const follow = () => {
    const here = live.querySelector("[data-here]");
    here?.scrollIntoView({ block: "center", behavior: window.matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  };

  // Nothing is taken from under a finger: the place somebody has the focus in is found again.
  function put(html) {
    const held = live.contains(document.activeElement) ? document.activeElement.form?.action : "";
    live.innerHTML = html;
    if (held) [...live.querySelectorAll("form")].find((form) => form.action === held)?.querySelector("button")?.focus();
    follow();
  }

  async function look() {
    window.clearTimeout(next);
    try {
      const answer = await askJson(live.dataset.follow, {
        headers: { "If-None-Match": mark }, redirect: "manual", cache: "no-store",
      });
      if (answer.status === 200) {
        mark = answer.headers.get("ETag") || "";
        put((await answer.json()).html);
      } else if (answer.status !== 304 && answer.status < 500) {
        live.replaceChildren(); // signed out, or without access
        window.location.reload();
        return;
      }
      says.textContent = "";
    } catch {
      says.textContent = live.dataset.away;
    }
    next = window.setTimeout(look, LOOK);
  }
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
  follow();
  next = window.setTimeout(look, LOOK);
}
