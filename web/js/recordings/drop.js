/** Files that are dropped anywhere on the page. */

const holdsFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");

/** @param {HTMLElement} veil shown while files are held over the page @param {(files: File[]) => void} take */
export function onDrop(veil, take) {
  let inside = 0; // entering a child comes before leaving its parent
  const show = (depth) => {
    inside = Math.max(0, depth);
    veil.hidden = !inside;
  };
  const on = (name, work) =>
    addEventListener(name, (event) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      work(event);
    });
  on("dragenter", () => show(inside + 1));
  on("dragleave", () => show(inside - 1));
  on("dragover", (event) => (event.dataTransfer.dropEffect = "copy"));
  on("drop", (event) => {
    show(0);
    take([...event.dataTransfer.files]);
  });
  addEventListener("dragend", () => show(0));
}
