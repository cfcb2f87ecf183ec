// Keeps the page itself for use without a network. The build fills in the two marks.
// The manifest and the models are kept by the page (src/store.rs), which knows which of them belong together
// and checks them; answers of the API are never kept.
// All folders of an origin share its caches, so the name holds this page's folder.
const PREFIX = `clickleaf-page ${new URL(self.registration.scope).pathname} `;
const CACHE = PREFIX + "__DIGEST__";
const FILES = __FILES__;

const url = (name) => new URL(name, self.registration.scope).href;
const HOME = url("./");
const KEPT = new Set(FILES.map(url));

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(CACHE);
    await cache.addAll([...KEPT].map((href) => new Request(href, { cache: "reload" })));
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    const names = await caches.keys();
    await Promise.all(
      names.filter((name) => name.startsWith(PREFIX) && name !== CACHE).map((name) => caches.delete(name)),
    );
    await self.clients.claim();
  })());
});

async function kept(href, request) {
  const cache = await caches.open(CACHE);
  return (await cache.match(href)) ?? fetch(request);
}

async function elsewhere(request) {
  try {
    return await fetch(request);
  } catch (error) {
    const cache = await caches.open(CACHE);
    return (await cache.match(HOME)) ?? Promise.reject(error);
  }
}

self.addEventListener("fetch", (event) => {
  const request = event.request;
  if (request.method !== "GET") return;
  const { origin, pathname } = new URL(request.url);
  const href = origin + pathname;
  if (request.mode === "navigate") {
    const home = href === HOME || href === url("index.html");
    // Other documents of this origin, such as the API's own page, come from the network.
    event.respondWith(home ? kept(HOME, request) : elsewhere(request));
  } else if (KEPT.has(href)) {
    event.respondWith(kept(href, request));
  }
});
