// The list of files: narrowed while somebody types, and with small pictures. Without this it is searched by its button.
const list = document.getElementById("files");

// A name is looked for in what is on the page already; nothing is sent.
const wanted = document.querySelector("input[data-narrows]");
if (list && wanted) {
  const rows = [...list.querySelectorAll("[data-name]")].map((row) => [row, row.dataset.name.toLocaleLowerCase()]);
  const nothing = document.querySelector("[data-nothing]");
  const narrow = () => {
    const words = wanted.value.toLocaleLowerCase().split(/\s+/);
    let left = 0;
    for (const [row, name] of rows) {
      row.hidden = !words.every((word) => name.includes(word));
      left += row.hidden ? 0 : 1;
    }
    nothing.textContent = left ? "" : wanted.dataset.none;
  };
  wanted.addEventListener("input", narrow);
  wanted.form.addEventListener("submit", (event) => { event.preventDefault(); narrow(); });
  narrow(); // what the browser filled in again
}

// Small pictures come all in one answer, which is one look; they are drawn, so that no address of them is kept.
const SIDE = 96;
const draw = async (row, encoded) => {
  const bytes = Uint8Array.from(atob(encoded), (sign) => sign.charCodeAt(0));
  const picture = await createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIDE;
  canvas.setAttribute("aria-hidden", "true");
  const side = Math.min(picture.width, picture.height);
  const [left, top] = [(picture.width - side) / 2, (picture.height - side) / 2];
  canvas.getContext("2d").drawImage(picture, left, top, side, side, 0, 0, SIDE, SIDE);
  row.querySelector(".face").replaceChildren(canvas);
};
const pictured = list ? [...list.querySelectorAll("[data-picture]")] : [];
if (pictured.length) {
  const asked = new URLSearchParams(pictured.map((row) => ["file", row.dataset.picture]));
  asked.set("csrf_token", list.dataset.token);
  fetch(list.dataset.small, { method: "POST", body: asked, redirect: "error" })
    .then(async (answer) => {
      const small = answer.ok ? await answer.json() : {};
      for (const row of pictured) if (small[row.dataset.picture]) await draw(row, small[row.dataset.picture]);
      list.dataset.drawn = Object.keys(small).length;
    })
    .catch(() => {}); // the icons stay
}

// What was said once is not said again when the page is loaded anew.
if (document.querySelector("[data-said]")) window.history.replaceState(null, "", window.location.pathname);
