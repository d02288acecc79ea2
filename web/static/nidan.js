// What the pages can do without: copy, print, a count-down, the way back to a
// form that was sent, and our own words where a box must be ticked. Nothing is
// sent anywhere.
"use strict";

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) break;
  const from = document.getElementById(button.dataset.copy);
  const label = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const lines = from.dataset.value ?? [...from.children].map((line) => line.textContent).join("\n");
    await navigator.clipboard.writeText(lines);
    button.textContent = button.dataset.done;
    setTimeout(() => { button.textContent = label; }, 4000);
  });
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// How long the present code lives, by the server's clock: the page says what
// time it was when it was made, and performance.now() counts from there.
for (const timer of document.querySelectorAll("[data-period]")) {
  const period = Number(timer.dataset.period);
  const made = Number(timer.dataset.now) / 1000;
  const since = performance.now();
  const tick = () => {
    const now = made + (performance.now() - since) / 1000;
    timer.textContent = timer.dataset.text.replace("{n}", String(Math.ceil(period - (now % period))));
  };
  tick();
  timer.hidden = false;
  setInterval(tick, 1000);
}

// When something can be sent again, counted down by the server's clock as well.
for (const timer of document.querySelectorAll("[data-until]")) {
  const wait = (Number(timer.dataset.until) - Number(timer.dataset.now)) / 1000;
  const since = performance.now();
  const tick = () => {
    const left = Math.ceil(wait - (performance.now() - since) / 1000);
    timer.textContent = timer.dataset.text.replace("{n}", String(left));
    timer.hidden = left <= 0;
  };
  tick();
  setInterval(tick, 1000);
}

for (const box of document.querySelectorAll("[data-required]")) {
  box.addEventListener("invalid", () => box.setCustomValidity(box.dataset.required));
  box.addEventListener("change", () => box.setCustomValidity(""));
}

// Who comes back to the answer of a form, or loads it again, gets the page of
// the form anew. Without this the browser asks whether to send it once more.
const answered = document.querySelector("[data-at]");
if (answered) history.replaceState(null, "", answered.dataset.at || location.href);
