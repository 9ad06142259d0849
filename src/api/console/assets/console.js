// Keeps the parts of a page fresh that the server sends as they change, and says so when it cannot.
// Everything works without it; nothing here holds a word: words come from the server, in the reader's language.

const QUIET_MAX_MS = 25_000; // The server sends a beat every ten seconds.
const BACK_SHOWN_MS = 4_000;
const RETRY_MS = 2_000;
const KEY_WAIT_MS = 2_000;

const page = document.querySelector("[data-stream]");
const lost = document.getElementById("link-lost");
const back = document.getElementById("link-back");

/** Puts each part of the fragment in the place of the part with the same id, if it differs. */
function show(html) {
  const fresh = document.createElement("template");
  fresh.innerHTML = html;
  for (const part of [...fresh.content.children]) {
    const old = document.getElementById(part.id);
    if (!old || old.isEqualNode(part)) continue;
    const held = old.contains(document.activeElement) ? document.activeElement.id : null;
    if (part.hasAttribute("aria-live")) old.textContent = part.textContent;
    else old.replaceWith(part);
    if (held === null || part.hasAttribute("aria-live")) continue;
    // Whoever was on a button that is gone is not thrown back to the top of the page.
    (document.getElementById(held) ?? part.querySelector("button:enabled, input") ?? document.querySelector("main")).focus();
  }
}

if (page) {
  let stream, watch, away = false;

  const here = () => {
    clearTimeout(watch);
    watch = setTimeout(gone, QUIET_MAX_MS, true);
    if (!away) return;
    away = false;
    lost.hidden = true;
    back.hidden = false;
    setTimeout(() => { back.hidden = true; }, BACK_SHOWN_MS);
  };
  const gone = (reopen) => {
    away = true;
    back.hidden = true;
    lost.hidden = false;
    // A stream that was refused, or is silent, does not come back by itself.
    if (reopen || stream.readyState === EventSource.CLOSED) {
      stream.close();
      clearTimeout(watch);
      setTimeout(ask, RETRY_MS);
    }
  };
  // Whoever is signed out by now is led to the login page.
  const ask = async () => {
    const answer = await fetch(location.href, { redirect: "manual" }).catch(() => null);
    if (answer?.type === "opaqueredirect") location.reload();
    else open();
  };
  const open = () => {
    stream = new EventSource(page.dataset.stream);
    // Only what has arrived proves that somebody is there.
    stream.addEventListener("beat", here);
    stream.addEventListener("parts", (event) => { show(event.data); here(); });
    stream.addEventListener("error", () => gone(false));
  };
  open();
  addEventListener("pagehide", () => stream.close());
}

// Commands go out beside the page; what they change comes back by the stream.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("form[data-quiet]")) return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form, event.submitter));
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: { accept: "text/plain" } });
    // Some things are asked on a page of their own first.
    const next = answer.headers.get("x-next");
    if (next) return location.assign(next);
    const told = document.getElementById("told");
    if (told) {
      told.textContent = answer.ok ? "" : await answer.text();
      told.hidden = answer.ok;
    }
  } catch {
    lost.hidden = false;
  }
});

// The keys of the telephone: star, then a digit.
let star = 0;
document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.target.matches("input, select, textarea")) return;
  if (event.key === "*") {
    star = event.timeStamp;
  } else if (star && event.timeStamp - star < KEY_WAIT_MS && /^[0-9]$/.test(event.key)) {
    star = 0;
    document.querySelector(`button[data-key="${event.key}"]:enabled`)?.click();
  } else if (event.key !== "Shift") {
    star = 0;
  }
});

// On a narrow screen the pages stand in a row that is wider than the screen: the one that is open is in view.
document.querySelector(".top nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// Times that run.
setInterval(() => {
  for (const time of document.querySelectorAll("[data-since]")) {
    const s = Math.max(0, Math.round((Date.now() - Number(time.dataset.since)) / 1000));
    time.textContent = `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
  }
}, 1000);
