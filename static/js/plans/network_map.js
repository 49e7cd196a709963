// Drawing people on a map of sectors and rings: with mouse or finger by dragging, with the keyboard by the arrow keys.
// A move is a choice in the table beside the map and is saved like any other (write.js); the server makes the drawing
// anew, so that everybody sees the same one. Without this script the table is written in.
for (const map of document.querySelectorAll("figure[data-draws]")) {
  const form = map.closest("form");
  const section = map.dataset.draws;
  const stage = map.querySelector(".drawing");
  const says = map.querySelector(".tells");
  const SVG = "http://www.w3.org/2000/svg";
  const AWAY = 70; // units of the drawing beyond its edge: farther out is off the map, and nothing is moved
  const STILL = 5; // units a pointer may tremble in a click
  let drag = null;

  const choice = (row, what) => form.elements.namedItem(`${section}.${row}.${what}`);
  const svg = () => stage.querySelector("svg");
  const figureOf = (row) => stage.querySelector(`[data-row="${CSS.escape(row)}"]`);
  const list = (name) => svg().dataset[name].split(" ").filter(Boolean);
  const at = (figure) => ({ sector: choice(figure.dataset.row, "sector").value, ring: choice(figure.dataset.row, "ring").value });

  function placeOf(figure) {
    const [sector, ring] = ["sector", "ring"].map((what) => choice(figure.dataset.row, what))
      .map((select) => (select.value ? select.selectedOptions[0].textContent : ""));
    return sector && ring ? `${sector}, ${ring}` : map.dataset.nowhere;
  }

  function told(figure) {
    return `${figure.dataset.name}: ${placeOf(figure)}`;
  }

  // The middle of a cell, for the moment until the server has spread everybody anew.
  function middle(sector, ring) {
    const [x, y] = list("centre").map(Number);
    const edges = [Number(svg().dataset.core), ...list("edges").map(Number)];
    const number = list("rings").indexOf(ring);
    const angle = 2 * Math.PI * list("sectors").indexOf(sector) / list("sectors").length - Math.PI / 2;
    const radius = (edges[number] + edges[number + 1]) / 2;
    return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
  }

  function cellAt(point) {
    const [x, y] = list("centre").map(Number);
    const edges = list("edges").map(Number);
    const [sectors, rings] = [list("sectors"), list("rings")];
    const far = Math.hypot(point.x - x, point.y - y);
    if (far > edges.at(-1) + AWAY) return null;
    const turn = (Math.atan2(point.y - y, point.x - x) + Math.PI / 2) / (2 * Math.PI) * sectors.length;
    const ring = edges.findIndex((edge) => far <= edge);
    return { sector: sectors[(Math.round(turn) + sectors.length) % sectors.length], ring: rings[ring < 0 ? rings.length - 1 : ring] };
  }

  const put = (figure, x, y) => figure.setAttribute("transform", `translate(${x.toFixed(1)} ${y.toFixed(1)})`);

  function move(figure, cell) {
    for (const what of ["sector", "ring"]) choice(figure.dataset.row, what).value = cell[what];
    put(figure, ...middle(cell.sector, cell.ring));
    ready(figure);
    says.textContent = told(figure);
    choice(figure.dataset.row, "ring").dispatchEvent(new Event("change", { bubbles: true }));
  }

  function step(figure, key) {
    const [sectors, rings, now] = [list("sectors"), list("rings"), at(figure)];
    // Whoever has no place yet comes onto the map from outside, at the top.
    if (!now.sector || !now.ring) return move(figure, { sector: now.sector || sectors[0], ring: now.ring || rings.at(-1) });
    const side = { ArrowLeft: -1, ArrowRight: 1 }[key] || 0;
    const inward = { ArrowUp: -1, ArrowDown: 1 }[key] || 0;
    const sector = sectors[(sectors.indexOf(now.sector) + side + sectors.length) % sectors.length];
    const ring = rings[Math.min(Math.max(rings.indexOf(now.ring) + inward, 0), rings.length - 1)];
    return move(figure, { sector, ring });
  }

  // Figures of rows that came after this page was made have no place in its table: they can be looked at alone.
  function ready(figure) {
    if (!choice(figure.dataset.row, "sector")) return;
    figure.setAttribute("tabindex", "0");
    figure.setAttribute("role", "button");
    figure.setAttribute("aria-label", told(figure));
    figure.setAttribute("aria-describedby", "how-to-draw");
    figure.dataset.address = `${section}.${figure.dataset.row}.ring`;
  }

  function prepare() {
    svg().setAttribute("role", "group");
    svg().setAttribute("aria-label", map.dataset.map);
    for (const figure of svg().querySelectorAll(".figure")) ready(figure);
  }

  function goTo(row) {
    if (!row) return;
    row.open = true;
    row.querySelector("input:not([type=hidden])")?.focus();
  }

  function pointed(event) {
    return new DOMPoint(event.clientX, event.clientY).matrixTransform(svg().getScreenCTM().inverse());
  }

  stage.addEventListener("pointerdown", (event) => {
    const figure = event.target.closest?.(".figure[tabindex]");
    if (!figure || event.button) return;
    const start = pointed(event);
    const here = figure.transform.baseVal.consolidate().matrix;
    drag = { figure, id: event.pointerId, start, home: [here.e, here.f], moved: false };
    stage.setPointerCapture(event.pointerId);
    figure.focus({ preventScroll: true });
  });
  // `touch-action` is not heeded inside a drawing: a finger on a figure would scroll the page instead.
  stage.addEventListener("touchstart", (event) => { if (drag) event.preventDefault(); }, { passive: false });
  stage.addEventListener("pointermove", (event) => {
    if (!drag || event.pointerId !== drag.id) return;
    const point = pointed(event);
    const [x, y] = [point.x - drag.start.x, point.y - drag.start.y];
    drag.moved = drag.moved || Math.hypot(x, y) > STILL;
    if (!drag.moved) return;
    drag.figure.classList.add("dragged");
    svg().append(drag.figure); // above all others
    put(drag.figure, drag.home[0] + x, drag.home[1] + y);
  });
  function drop(event, cell) {
    if (!drag || event.pointerId !== drag.id) return;
    const { figure, home, moved } = drag;
    drag = null;
    figure.classList.remove("dragged");
    figure.focus({ preventScroll: true });
    if (!moved) return;
    if (cell) move(figure, cell);
    else put(figure, ...home);
  }
  stage.addEventListener("pointerup", (event) => { if (drag) drop(event, cellAt(pointed(event))); });
  stage.addEventListener("pointercancel", (event) => drop(event, null));

  stage.addEventListener("keydown", (event) => {
    const figure = event.target.closest?.(".figure[tabindex]");
    if (!figure || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key.startsWith("Arrow")) step(figure, event.key);
    else if (event.key === "Enter" || event.key === " ") goTo(document.getElementById(`row-${figure.dataset.row}`));
    else return;
    event.preventDefault();
  });

  // What the server drew after somebody's saving. What is moved here and not saved yet stays where it was put.
  document.addEventListener("portal:drawn", (event) => {
    const words = event.detail[section];
    if (!words || drag) return;
    const drawn = new DOMParser().parseFromString(words, "image/svg+xml").documentElement;
    if (drawn.namespaceURI !== SVG) return;
    const inside = stage.contains(document.activeElement) ? document.activeElement.dataset.row : "";
    svg().replaceWith(document.importNode(drawn, true));
    prepare();
    for (const figure of svg().querySelectorAll(".figure[tabindex]")) {
      const now = at(figure);
      if (now.sector && now.ring && (now.sector !== figure.dataset.sector || now.ring !== figure.dataset.ring)) {
        put(figure, ...middle(now.sector, now.ring));
      }
    }
    if (inside) figureOf(inside)?.focus({ preventScroll: true });
  });
  map.querySelector("#how-to-draw").hidden = false;
  prepare();
}
