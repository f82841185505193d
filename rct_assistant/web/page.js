// What the page does by itself: views, citations that open the source, copying, focus. It fetches and stores nothing.
// One listener for each kind of event, on the document: the server's HTML carries only classes, ids and links.
"use strict";

(() => {
  const VIEWS = ["ask", "source", "about"];
  const root = document.documentElement;
  const narrow = matchMedia("(max-width: 56rem)");
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const touch = matchMedia("(pointer: coarse)");
  const find = (selector) => document.querySelector(selector);
  let opened = ""; // the id of the citation that is open
  let latest = ""; // the id of the last card on the page
  let leaving = false; // whether the page itself is going back, to leave the sheet
  let settling = 0; // the timer that brings the last question to the top
  let place = 0; // how far the chat was scrolled when another view came

  // Views. Each is an entry of the history, so that 'back' does not leave the page and lose the conversation.

  function show(view) {
    if (root.dataset.view === "ask") place = scrollY;
    root.dataset.view = view;
    for (const link of document.querySelectorAll("a.view")) {
      if (link.hash === `#${view}`) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    find("#pane-body").role = "region";
    find("#pane-body").tabIndex = view === "source" ? -1 : 0; // beside the chat it scrolls by itself, also by the keys
    const marked = view === "source" && find(".cited");
    scrollTo({ top: view === "ask" ? place : 0, behavior: "instant" });
    if (marked) reveal(marked);
  }

  function viewInAddress() {
    const view = location.hash.slice(1);
    return VIEWS.includes(view) ? view : "ask";
  }

  // Citations

  function citesBeside(link) {
    return [...link.closest(".card").querySelectorAll(".cite:has(.number)")];
  }

  function numbered(link) {
    return link.closest("tr")?.querySelector(".cite") ?? link;
  }

  function open(link) {
    const target = document.getElementById(link.hash.slice(1));
    if (!target) return;
    unmark();
    opened = link.id;
    link.setAttribute("aria-current", "true");
    target.classList.add("cited");
    target.setAttribute("aria-describedby", "pane-title");
    enterSheet();
    root.classList.add("open");
    nameCitation(link);
    if (narrow.matches) keepAboveSheet(link);
    reveal(target);
    target.focus({ preventScroll: true });
  }

  function enterSheet() {
    if (narrow.matches && !history.state?.sheet) history.pushState({ sheet: true }, "");
  }

  function nameCitation(link) {
    const all = citesBeside(link);
    const position = all.indexOf(numbered(link));
    find(".pane-title").textContent = `Citation ${position + 1} of ${all.length}`;
    find("#pane-previous").disabled = position === 0;
    find("#pane-next").disabled = position === all.length - 1;
  }

  function unmark() {
    find(".cite[aria-current]")?.removeAttribute("aria-current");
    for (const target of document.querySelectorAll(".cited")) {
      target.classList.remove("cited");
      target.removeAttribute("aria-describedby");
    }
  }

  function close(refocus = true) {
    const link = document.getElementById(opened);
    unmark();
    opened = "";
    root.classList.remove("open");
    find(".pane-title").textContent = "Source";
    if (history.state?.sheet) {
      leaving = true;
      history.back();
    }
    if (link && refocus) link.focus();
  }

  function step(by) {
    const link = document.getElementById(opened);
    if (!link) return;
    const all = citesBeside(link);
    const next = all[all.indexOf(numbered(link)) + by];
    if (next) open(next);
  }

  // Scrolling

  function behavior() {
    return still.matches ? "instant" : "smooth";
  }

  function reveal(target) {
    const body = find("#pane-body");
    if (getComputedStyle(body).overflowY === "visible") {
      target.scrollIntoView({ block: "center", behavior: behavior() });
      return;
    }
    const box = target.getBoundingClientRect();
    const frame = body.getBoundingClientRect();
    const room = Math.max((frame.height - box.height) / 3, 16);
    body.scrollBy({ top: box.top - frame.top - room, behavior: behavior() });
  }

  function keepAboveSheet(link) {
    const over = link.getBoundingClientRect().bottom - innerHeight * 0.3;
    if (over > 0) scrollBy({ top: over, behavior: behavior() });
  }

  // Copying. Without a secure address there is no clipboard object; then the old command does it.

  async function copy(button) {
    const text = button.parentElement.querySelector(".reply").textContent;
    const done = await navigator.clipboard?.writeText(text).then(() => true, () => false);
    button.textContent = done || copyBySelection(text) ? "Copied" : "Copying is not allowed here";
    setTimeout(() => (button.textContent = "Copy as text"), 2500);
  }

  function copyBySelection(text) {
    const area = document.createElement("textarea");
    const focused = document.activeElement;
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    focused?.focus();
    return done;
  }

  // The field

  function count() {
    const limit = Number(find("meta[name=question-limit]").content);
    const left = limit - find("#question textarea").value.length;
    const hint = find(".hint");
    hint.classList.toggle("over", left < 0);
    if (left < 0) hint.textContent = `Too long by ${-left} characters: please ask in up to ${limit}.`;
    else hint.textContent = left <= limit / 5 ? `${left} characters left` : "";
  }

  // What Gradio draws gets names in words; a new answer comes into view with its question on top.

  const NAMES = {
    ".head nav": "Views",
    ".outline": "Sections",
    "#conversation [role=log]": "Conversation",
    "#question textarea": "Your question",
    "#pane-body": "Source",
    "#pane-previous": "Previous citation",
    "#pane-next": "Next citation",
    "#pane-close": "Close and go back to the citation",
  };

  function name() {
    for (const [selector, label] of Object.entries(NAMES)) {
      const found = find(selector);
      if (found && found.getAttribute("aria-label") !== label) found.setAttribute("aria-label", label);
    }
    for (const message of document.querySelectorAll("#conversation [data-testid][aria-label]")) {
      message.removeAttribute("aria-label"); // it would read out the answer's markup
    }
    if (!find("a.view[aria-current]") && find("a.view") && find(".outline")) {
      find(".outline details").open = !narrow.matches;
      show(viewInAddress());
    }
  }

  function follow() {
    const card = [...document.querySelectorAll(".card")].at(-1);
    const id = card?.id ?? "";
    if (id === latest) return;
    latest = id;
    if (opened && !document.getElementById(opened)) close(false);
    count();
    const question = [...document.querySelectorAll(".question")].at(-1);
    const top = () => question?.scrollIntoView({ block: "start", behavior: behavior() });
    top();
    clearTimeout(settling);
    settling = setTimeout(top, 200); // once more when all of the page has arrived
    if (document.activeElement === document.body) (question ?? find(".welcome h2"))?.focus({ preventScroll: true });
  }

  new MutationObserver(() => {
    name();
    follow();
  }).observe(root, { attributeFilter: ["aria-label"], childList: true, subtree: true });

  // Events

  const BUTTONS = {
    "pane-previous": () => step(-1),
    "pane-next": () => step(1),
    "pane-close": () => close(),
    send: () => touch.matches || find("#question textarea").focus(),
  };

  function followLink(event, link) {
    event.preventDefault();
    if (link.matches(".cite")) open(link);
    else if (link.matches(".view")) {
      if (link.hash !== `#${root.dataset.view}`) history.pushState(null, "", link.hash);
      show(link.hash.slice(1));
    } else {
      const target = document.getElementById(link.hash.slice(1));
      target?.scrollIntoView({ block: "start", behavior: behavior() });
      target?.focus({ preventScroll: true });
    }
  }

  // Whoever acts, scrolls for themselves.
  for (const act of ["keydown", "pointerdown", "wheel"]) {
    addEventListener(act, () => clearTimeout(settling), { passive: true });
  }

  addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href^='#']");
    const button = event.target.closest?.("button");
    if (link) followLink(event, link);
    else if (button?.matches(".copy")) copy(button);
    else if (button?.id in BUTTONS) BUTTONS[button.id]();
    else if (opened && narrow.matches && !event.target.closest?.("#source-view")) close(false);
  });

  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && opened) close();
    if (event.key === " " && event.target.matches?.(".cite")) {
      event.preventDefault();
      open(event.target);
    }
  });

  addEventListener("focusin", (event) => {
    const covered = opened && narrow.matches && event.target.closest("#ask-view") && !event.target.matches(".cite");
    if (covered) close(false);
  });

  function toggled(event) {
    if (event.target.open) event.target.scrollIntoView({ block: "nearest", behavior: behavior() });
  }

  addEventListener("toggle", toggled, true); // it does not bubble

  addEventListener("input", (event) => event.target.matches("#question textarea") && count());

  addEventListener("popstate", () => {
    if (leaving && opened) enterSheet(); // opened again before it was left
    else if (opened && narrow.matches && !history.state?.sheet) close();
    leaving = false;
    if (viewInAddress() !== root.dataset.view) show(viewInAddress());
  });
})();
