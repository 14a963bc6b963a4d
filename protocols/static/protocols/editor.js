// The rich-text editor of the authoring pages: a toolbar of our own over ProseMirror. What it can make is what the server
// keeps. Without this script the text areas stay, and take plain paragraphs.
import {
  Blockquote, Bold, BulletList, Document, Editor, Gapcursor, HardBreak, Heading, History, Italic, Link, ListItem, OrderedList,
  Paragraph, Subscript, Superscript, Table, TableCell, TableHeader, TableRow, Text,
} from "django-prose-editor/editor";

const Callout = Blockquote.extend({
  addAttributes() {
    return { class: { default: null, parseHTML: (element) => element.getAttribute("class") } };
  },
});

// A table keeps its caption, which the editor cannot edit, as an attribute.
const CaptionedTable = Table.extend({
  addAttributes() {
    return { caption: { default: null, parseHTML: (element) => element.caption?.textContent || null, rendered: false } };
  },
  parseHTML() {
    return [{ tag: "caption", ignore: true, priority: 100 }, { tag: "table" }];
  },
  renderHTML({ node }) {
    const { caption } = node.attrs;
    return caption ? ["table", ["caption", caption], ["tbody", 0]] : ["table", ["tbody", 0]];
  },
});

const extensions = [
  Document, Paragraph, Text, HardBreak, Gapcursor, History, Bold, Italic, Subscript, Superscript, BulletList, OrderedList, ListItem,
  Heading.configure({ levels: [3, 4] }), Callout, Link.configure({ enableTarget: false }),
  CaptionedTable.configure({ resizable: false }), TableRow, TableHeader, TableCell,
];

const callout = (tone) => (chain, editor) =>
  editor.isActive("blockquote", { class: `callout-${tone}` })
    ? chain.lift("blockquote")
    : editor.isActive("blockquote")
      ? chain.updateAttributes("blockquote", { class: `callout-${tone}` })
      : chain.wrapIn("blockquote", { class: `callout-${tone}` });

const inTable = (editor) => editor.isActive("table");
// label, words for screen readers, what it does, whether it is on, whether it is offered
const groups = [
  [
    ["Heading", "", (chain) => chain.toggleHeading({ level: 3 }), ["heading", { level: 3 }]],
    ["Subheading", "", (chain) => chain.toggleHeading({ level: 4 }), ["heading", { level: 4 }]],
  ],
  [
    ["B", "Bold", (chain) => chain.toggleBold(), ["bold"]],
    ["I", "Italic", (chain) => chain.toggleItalic(), ["italic"]],
  ],
  [
    ["List", "", (chain) => chain.toggleBulletList(), ["bulletList"]],
    ["Numbered", "Numbered list", (chain) => chain.toggleOrderedList(), ["orderedList"]],
  ],
  [
    ["Note", "Callout: note", callout("info"), ["blockquote", { class: "callout-info" }]],
    ["Caution", "Callout: caution", callout("caution"), ["blockquote", { class: "callout-caution" }]],
    ["Danger", "Callout: danger", callout("danger"), ["blockquote", { class: "callout-danger" }]],
  ],
  [["Link", "", null, ["link"]]],
  [
    ["Table", "Insert a table", (chain) => chain.insertTable({ rows: 3, cols: 2, withHeaderRow: true }), null, (editor) => !inTable(editor)],
    ["+ Row", "Add a row below", (chain) => chain.addRowAfter(), null, inTable],
    ["+ Column", "Add a column to the right", (chain) => chain.addColumnAfter(), null, inTable],
    ["− Row", "Delete this row", (chain) => chain.deleteRow(), null, inTable],
    ["− Column", "Delete this column", (chain) => chain.deleteColumn(), null, inTable],
    ["Delete table", "", (chain) => chain.deleteTable(), null, inTable],
  ],
  [
    ["Undo", "", (chain) => chain.undo(), null],
    ["Redo", "", (chain) => chain.redo(), null],
  ],
];

function press(editor, run) {
  if (run) run(editor.chain().focus(), editor).run();
  else askForLink(editor);
}

function button(editor, [label, words, run, active, offered]) {
  const element = document.createElement("button");
  element.type = "button";
  element.textContent = label;
  element.className = "small quiet";
  element.tabIndex = -1;
  if (words) element.setAttribute("aria-label", words);
  if (label.length === 1) element.dataset.mark = label;
  element.addEventListener("mousedown", (event) => event.preventDefault());
  element.addEventListener("click", () => press(editor, run));
  editor.on("transaction", () => {
    if (active) element.setAttribute("aria-pressed", editor.isActive(...active));
    if (offered) element.hidden = !offered(editor);
  });
  return element;
}

// One tab stop; the arrow keys move between the buttons.
function toolbar(editor, label) {
  const bar = document.createElement("div");
  bar.className = "rich-text-tools";
  bar.setAttribute("role", "toolbar");
  bar.setAttribute("aria-label", `Format: ${label}`);
  for (const group of groups) {
    const box = document.createElement("span");
    box.append(...group.map((item) => button(editor, item)));
    bar.append(box);
  }
  bar.querySelector("button").tabIndex = 0;
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const buttons = [...bar.querySelectorAll("button:not([hidden])")];
    const next = buttons[(buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length];
    for (const other of buttons) other.tabIndex = other === next ? 0 : -1;
    next.focus();
    event.preventDefault();
  });
  return bar;
}

// Asks in our own dialog, because window.prompt looks like somebody else's.
function askForLink(editor) {
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-labelledby", "link-title");
  dialog.innerHTML = `<form method="dialog"><div class="dialog-head"><div><h2 id="link-title">Where does the link lead?</h2></div></div>
    <div class="dialog-body"><div class="field"><label for="link-address">Address</label><span class="hint" id="link-hint">https://…, or /protocols/… for a page of the intranet. Empty removes the link.</span>
    <input id="link-address" aria-describedby="link-hint" autocomplete="off"></div></div>
    <div class="dialog-foot"><button value="cancel" class="quiet" formnovalidate>Cancel</button><button value="set" class="primary">Set the link</button></div></form>`;
  const input = dialog.querySelector("input");
  input.value = editor.getAttributes("link").href ?? "";
  dialog.addEventListener("close", () => {
    const chain = editor.chain().focus().extendMarkRange("link");
    const address = input.value.trim();
    if (dialog.returnValue === "set") (address ? chain.setLink({ href: address }) : chain.unsetLink()).run();
    dialog.remove();
  });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    dialog.close("set");
  });
  document.body.append(dialog);
  dialog.showModal();
  input.focus();
}

function replace(area) {
  const label = area.closest(".card")?.getAttribute("aria-label") ?? "Text";
  const box = document.createElement("div");
  box.className = "rich-text";
  area.before(box);
  const editor = new Editor({
    element: box,
    injectCSS: false, // the page's policy allows no inline style; ours is in editor.css
    extensions,
    content: area.value,
    editorProps: {
      attributes: {
        class: "prose", role: "textbox", "aria-multiline": "true", "aria-label": label,
        ...(area.getAttribute("aria-describedby") ? { "aria-describedby": area.getAttribute("aria-describedby") } : {}),
      },
    },
    onUpdate: ({ editor: { isEmpty }, editor: current }) => {
      area.value = isEmpty ? "" : current.getHTML();
    },
  });
  box.prepend(toolbar(editor, label));
  area.hidden = true;
  for (const way of document.querySelectorAll(`label[for="${area.id}"], a[href="#${area.id}"]`)) {
    way.addEventListener("click", (event) => {
      event.preventDefault(); // the text area that it names is hidden
      editor.commands.focus();
    });
  }
  editor.view.dispatch(editor.state.tr);
}

for (const area of document.querySelectorAll("textarea[data-rich-text]")) replace(area);

// Leaving with words that are not saved asks first.
const form = document.querySelector("form#edit");
let changed = false;
form?.addEventListener("input", () => { changed = true; });
form?.addEventListener("submit", () => { changed = false; });
addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
