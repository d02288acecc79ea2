// Finds what a person would: by the words on it, and only what can be seen.
// Answers where to press, or why that cannot be done.
(wanted, words, region) => {
  const plain = (text) => (text ?? "").replace(/\s+/g, " ").trim();
  const seen = (el) => {
    const box = el.getBoundingClientRect();
    return box.width > 1 && box.height > 1 && el.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  };
  const named = (el) => {
    const by = el.getAttribute("aria-labelledby");
    return plain(el.getAttribute("aria-label") ?? (by ? document.getElementById(by)?.innerText : el.querySelector("h1,h2,legend,b")?.innerText));
  };
  let places = [document];
  if (region) {
    places = [...document.querySelectorAll("nav,section,fieldset,.row")].filter((el) => seen(el) && named(el).startsWith(region));
    if (!places.length) return { why: `there is no part called “${region}”` };
    places = places.slice(0, 1);
  }
  const kinds = { press: "a[href],button", field: "label", tick: "label" };
  let found = places.flatMap((p) => [...p.querySelectorAll(kinds[wanted])]).filter((el) => seen(el) && plain(el.innerText) === words);
  if (!found.length) return { why: `nothing that can be seen is called “${words}”` };
  // Two links to the same page are one to a person.
  if (new Set(found.map((el) => el.href ?? el)).size > 1) return { why: `${found.length} things are called “${words}”` };
  let [el] = found;
  const out = { href: el.getAttribute("href") ?? "", disabled: el.disabled ?? false };
  if (wanted === "field" || wanted === "tick") {
    if (!el.control) return { why: `“${words}” is the label of nothing` };
    out.type = el.control.type;
    out.id = el.control.id;
    out.value = el.control.value;
    out.checked = el.control.checked ?? false;
    if (wanted === "field") el = el.control;
    if (!seen(el)) return { why: `the field “${words}” cannot be seen` };
  }
  globalThis.aim = el.control ?? el; // where the keys have to get to
  el.scrollIntoView({ block: "center", behavior: "instant" });
  const box = el.getClientRects()[0];
  out.x = box.left + box.width / 2;
  out.y = box.top + box.height / 2;
  const hit = document.elementFromPoint(out.x, out.y);
  if (!hit || !(el.contains(hit) || hit.contains(el))) return { why: `“${words}” is covered or off the screen` };
  return out;
}
