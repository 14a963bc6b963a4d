// The toolbar of the rich-text editor: icons with names, in groups that stay together where the row ends.

// What only this toolbar draws; every other icon is in the sprite of the page.
const DRAWINGS = {
  heading: "M4.5 5v14M13.5 5v14M4.5 12h9M17.5 12.2 19.8 10.5V19",
  subheading: "M4.5 7v11M12 7v11M4.5 12.5H12M16 13.4a1.9 1.9 0 1 1 3.4 1.2L16 18.3h4",
  bold: "M7 5h5.5a3.4 3.4 0 0 1 0 6.8H7zM7 11.8h6.5a3.6 3.6 0 0 1 0 7.2H7z",
  italic: "M10 5h7M7 19h7M14 5l-4 14",
  numbered: "M10 6.5h10M10 12h10M10 17.5h10M4 5.5 5.2 5v4M4 15.7a1.1 1.1 0 1 1 2 .7L4 19h2.2",
  indent: "M4.5 5.5h15M11 10h8.5M11 14h8.5M4.5 18.5h15M4.5 9.5 7.5 12l-3 2.5",
  outdent: "M4.5 5.5h15M11 10h8.5M11 14h8.5M4.5 18.5h15M7.5 9.5 4.5 12l3 2.5",
  picture: "M5.5 5h13A1.5 1.5 0 0 1 20 6.5v11a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 17.5v-11A1.5 1.5 0 0 1 5.5 5zM4 16.2l4.5-4.7 4 4 2.3-2.3 5.2 5M15.5 9h.01",
  table: "M4.5 5.5h15v13h-15zM4.5 10h15M12 5.5v13",
  "row-add": "M4.5 4.5h15V10h-15zM12 13.5v6.5M8.7 16.7h6.6",
  "row-delete": "M4.5 4.5h15V10h-15zM8.7 16.7h6.6",
  "column-add": "M4.5 4.5H10v15H4.5zM13.5 12H20M16.7 8.7v6.6",
  "column-delete": "M4.5 4.5H10v15H4.5zM13.5 12H20",
  "table-delete": "M4.5 5.5h15v13h-15zM9.5 9.5l5 5M14.5 9.5l-5 5",
  undo: "M9 5.5 4.5 10 9 14.5M5 10h9.2a4.8 4.8 0 0 1 0 9.6H10",
  redo: "M15 5.5 19.5 10 15 14.5M19 10H9.8a4.8 4.8 0 0 0 0 9.6H14",
};

const callout = (tone) => (chain, editor) =>
  editor.isActive("blockquote", { class: `callout-${tone}` })
    ? chain.lift("blockquote")
    : editor.isActive("blockquote")
      ? chain.updateAttributes("blockquote", { class: `callout-${tone}` })
      : chain.wrapIn("blockquote", { class: `callout-${tone}` });

const inTable = (editor) => editor.isActive("table");
const inList = (editor) => editor.isActive("listItem");

// Of each button: its name, its icon, what it does (`run`) or what it `asks` first, whether it is on (`active`), and
// when it is `offered`.
function groupsOf({ askForLink, askForPicture }) {
  return [
    [
      { name: "Heading", icon: "heading", run: (chain) => chain.toggleHeading({ level: 3 }), active: ["heading", { level: 3 }] },
      { name: "Subheading", icon: "subheading", run: (chain) => chain.toggleHeading({ level: 4 }), active: ["heading", { level: 4 }] },
    ],
    [
      { name: "Bold", icon: "bold", run: (chain) => chain.toggleBold(), active: ["bold"] },
      { name: "Italic", icon: "italic", run: (chain) => chain.toggleItalic(), active: ["italic"] },
    ],
    [
      { name: "List", icon: "list", run: (chain) => chain.toggleBulletList(), active: ["bulletList"] },
      { name: "Numbered list", icon: "numbered", run: (chain) => chain.toggleOrderedList(), active: ["orderedList"] },
      { name: "Indent the line", icon: "indent", run: (chain) => chain.sinkListItem("listItem"), offered: inList },
      { name: "Outdent the line", icon: "outdent", run: (chain) => chain.liftListItem("listItem"), offered: inList },
    ],
    [
      { name: "Callout: note", icon: "info", run: callout("info"), active: ["blockquote", { class: "callout-info" }] },
      { name: "Callout: caution", icon: "warning", run: callout("caution"), active: ["blockquote", { class: "callout-caution" }] },
      { name: "Callout: danger", icon: "stop", run: callout("danger"), active: ["blockquote", { class: "callout-danger" }] },
    ],
    [
      { name: "Link", icon: "link", asks: askForLink, active: ["link"] },
      ...(askForPicture ? [{ name: "Picture", icon: "picture", asks: askForPicture, active: ["picture"] }] : []),
      { name: "Insert a table", icon: "table", run: (chain) => chain.insertTable({ rows: 3, cols: 2, withHeaderRow: true }), offered: (editor) => !inTable(editor) },
    ],
    [
      { name: "Add a row below", icon: "row-add", run: (chain) => chain.addRowAfter(), offered: inTable },
      { name: "Delete this row", icon: "row-delete", run: (chain) => chain.deleteRow(), offered: inTable },
      { name: "Add a column to the right", icon: "column-add", run: (chain) => chain.addColumnAfter(), offered: inTable },
      { name: "Delete this column", icon: "column-delete", run: (chain) => chain.deleteColumn(), offered: inTable },
      { name: "Delete the table", icon: "table-delete", run: (chain) => chain.deleteTable(), offered: inTable },
    ],
    [
      { name: "Undo", icon: "undo", run: (chain) => chain.undo() },
      { name: "Redo", icon: "redo", run: (chain) => chain.redo() },
    ],
  ];
}

const SPACE = "http://www.w3.org/2000/svg";

function drawing(name) {
  const icon = document.createElementNS(SPACE, "svg");
  icon.setAttribute("class", "icon");
  icon.setAttribute("viewBox", "0 0 24 24");
  icon.setAttribute("aria-hidden", "true");
  const lines = document.createElementNS(SPACE, name in DRAWINGS ? "path" : "use");
  if (name in DRAWINGS) lines.setAttribute("d", DRAWINGS[name]);
  else lines.setAttribute("href", `#i-${name}`);
  icon.append(lines);
  return icon;
}

function button(editor, { name, icon, run, asks, active, offered }) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = "small quiet icon-only";
  element.tabIndex = -1;
  element.title = name;
  element.setAttribute("aria-label", name);
  element.append(drawing(icon));
  element.addEventListener("mousedown", (event) => event.preventDefault());
  element.addEventListener("click", () => (run ? run(editor.chain().focus(), editor).run() : asks(editor)));
  editor.on("transaction", () => {
    if (active) element.setAttribute("aria-pressed", editor.isActive(...active));
    if (offered) element.hidden = !offered(editor);
  });
  return element;
}

// One tab stop; the arrow keys move between the buttons.
export function toolbar(editor, label, dialogs) {
  const bar = document.createElement("div");
  bar.className = "rich-text-tools";
  bar.setAttribute("role", "toolbar");
  bar.setAttribute("aria-label", `Format: ${label}`);
  for (const group of groupsOf(dialogs)) {
    const box = document.createElement("span");
    box.append(...group.map((item) => button(editor, item)));
    bar.append(box);
  }
  const shown = () => [...bar.querySelectorAll("button:not([hidden])")];
  const stopAt = (chosen) => { for (const one of bar.querySelectorAll("button")) one.tabIndex = one === chosen ? 0 : -1; };
  stopAt(shown()[0]);
  editor.on("transaction", () => { if (bar.querySelector('[tabindex="0"]').hidden) stopAt(shown()[0]); });
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const buttons = shown();
    const next = buttons[(buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length];
    stopAt(next);
    next.focus();
    event.preventDefault();
  });
  return bar;
}
