/** Makes elements. Texts are only ever set as text, never as HTML. */

/** @param {Record<string, unknown>} set properties, or attributes where there is no such property */
export function element(tag, set = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(set)) {
    if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child != null && child !== ""));
  return made;
}

/** @param {() => void} press */
export function button(label, press, set = {}) {
  return element("button", { type: "button", onclick: press, ...set }, label);
}

/** The sign of a label, as the captions have it. */
export function sign(label) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#mood-${label ?? "none"}`);
  svg.append(use);
  return svg;
}
