// Shows one page of its own when there is no connection. It saves that page and what it looks like, and nothing else: what
// anybody opens goes past it and is never put into a cache.
const CACHE = {{ version|tojson }};
const SAVED = {{ saved|tojson }};

self.addEventListener("install", (event) => {
  // Without cookies: the page is the same for everybody.
  const asked = SAVED.map((address) => new Request(address, { credentials: "omit", cache: "no-cache" }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(asked)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const old = (names) => names.filter((name) => name !== CACHE);
  const swept = caches.keys().then((names) => Promise.all(old(names).map((name) => caches.delete(name))));
  event.waitUntil(swept.then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const saved = (name) => caches.match(name).then((found) => found ?? Response.error());
  if (request.mode === "navigate" && request.method === "GET") {
    event.respondWith(fetch(request).catch(() => saved(SAVED[0])));
  } else if (SAVED.includes(new URL(request.url).pathname)) {
    event.respondWith(fetch(request).catch(() => saved(request)));
  }
});
