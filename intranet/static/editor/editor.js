// The rich-text editor of the pages on which people write: a toolbar of our own over ProseMirror. What it can make is what
// the server keeps. Without this script the text areas stay, and take plain paragraphs.
import {
  Blockquote, Bold, BulletList, Document, Editor, Gapcursor, HardBreak, Heading, History, Italic, Link, ListItem, OrderedList,
  Paragraph, Subscript, Superscript, Table, TableCell, TableHeader, TableRow, Text,
} from "django-prose-editor/editor";
import { toolbar } from "./toolbar.js";

const Callout = Blockquote.extend({
  addAttributes() {
    return { class: { default: null, parseHTML: (element) => element.getAttribute("class") } };
  },
});

// Tab leaves the editor as it leaves every field, also from a list or a table: there are buttons for nesting, and arrow keys.
function withoutTab(extension) {
  return extension.extend({
    addKeyboardShortcuts() {
      const { Tab, "Shift-Tab": back, ...others } = this.parent?.() ?? {};
      return others;
    },
  });
}

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

// What the server keeps as an address. A word with a dot in it is none: authors forget the blank after a full stop.
const leadsSomewhere = (address) => /^(https?:\/\/\S|mailto:\S|tel:\S|\/(?!\/)\S*$)/i.test(address);

const extensions = [
  Document, Paragraph, Text, HardBreak, Gapcursor, History, Bold, Italic, Subscript, Superscript, BulletList, OrderedList,
  withoutTab(ListItem), Heading.configure({ levels: [3, 4] }), Callout, Link.configure({ enableTarget: false, shouldAutoLink: leadsSomewhere }),
  withoutTab(CaptionedTable).configure({ resizable: false }), TableRow, TableHeader, TableCell,
];

// Asks in our own dialog, because window.prompt looks like somebody else's.
function askForLink(editor) {
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-labelledby", "link-title");
  dialog.innerHTML = `<form novalidate><div class="dialog-head"><div><h2 id="link-title">Where does the link lead?</h2></div></div>
    <div class="dialog-body stack"><div class="error-summary" role="alert" hidden><p></p></div>
    <div class="field"><label for="link-address">Address</label><span class="hint" id="link-hint">https://…, or /protocols/… for a page of the intranet. Empty removes the link.</span>
    <input id="link-address" aria-describedby="link-hint" autocomplete="off"></div></div>
    <div class="dialog-foot"><button type="button" class="quiet">Cancel</button><button class="primary">Set the link</button></div></form>`;
  const input = dialog.querySelector("input");
  const say = teller(dialog);
  input.value = editor.getAttributes("link").href ?? "";
  dialog.querySelector("button").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => { dialog.remove(); editor.commands.focus(); });
  dialog.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopPropagation();
    const address = input.value.trim();
    if (address && !leadsSomewhere(address)) {
      input.setAttribute("aria-invalid", "true");
      say("Begin the address with https://, or with / for a page of the intranet.");
      input.focus();
      return;
    }
    link(editor, address);
    dialog.close();
  });
  document.body.append(dialog);
  dialog.showModal();
  input.focus();
}

// Without words to carry it, the address itself is the link.
function link(editor, href) {
  const chain = editor.chain().extendMarkRange("link");
  if (!href) chain.unsetLink().run();
  else if (editor.state.selection.empty && !editor.isActive("link"))
    editor.commands.insertContent({ type: "text", text: href, marks: [{ type: "link", attrs: { href } }] });
  else chain.setLink({ href }).run();
}

// Says in a dialog why it stays open.
export function teller(dialog) {
  const alert = dialog.querySelector(".error-summary");
  return (sentence) => { alert.hidden = !sentence; alert.firstElementChild.textContent = sentence; };
}

// What is pasted brings headings of levels that a section has not, and handlers and styles that the page's policy refuses:
// without them the browser has nothing to complain about.
function fitting(html) {
  return html
    .replace(/<style\b[^]*?<\/style>/gi, "")
    .replace(/<(\/?)h([1256])\b/gi, (tag, slash, level) => `<${slash}h${level < 3 ? 3 : 4}`)
    .replace(/<(?:[^>"']|"[^"]*"|'[^']*')+>/g, (tag) => tag.replace(/\s(?:on\w+|style)\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)/gi, ""));
}

// A picture that is pasted or dropped is handed in like one that is chosen.
const pictureAmong = (files) => [...(files ?? [])].find((file) => ["image/png", "image/jpeg"].includes(file.type));

// `pictures`, where a text may have some: the `node` that they are, and what asks for one (`ask(editor, file)`).
function replace(area, pictures) {
  const named = document.querySelector(`label[for="${area.id}"]`)?.textContent.trim();
  const label = area.closest(".card")?.getAttribute("aria-label") ?? named ?? "Text";
  const box = document.createElement("div");
  box.className = "rich-text";
  area.before(box);
  const editor = new Editor({
    element: box,
    injectCSS: false, // the page's policy allows no inline style; ours is in editor.css
    extensions: pictures ? [...extensions, pictures.node] : extensions,
    content: area.value === area.defaultValue ? area.dataset.html : area.value, // unless the browser has brought back what was typed
    editorProps: {
      transformPastedHTML: fitting,
      handlePaste: (view, event) => {
        const file = pictures && !event.clipboardData?.getData("text/html") && pictureAmong(event.clipboardData?.files);
        if (file) pictures.ask(editor, file);
        return Boolean(file);
      },
      handleDrop: (view, event, slice, moved) => {
        const file = pictures && !moved && pictureAmong(event.dataTransfer?.files);
        if (file) pictures.ask(editor, file);
        return Boolean(file);
      },
      attributes: {
        class: "prose", role: "textbox", "aria-multiline": "true", "aria-label": label,
        ...(area.getAttribute("aria-describedby") ? { "aria-describedby": area.getAttribute("aria-describedby") } : {}),
      },
    },
    onUpdate: ({ editor: { isEmpty }, editor: current }) => {
      area.value = isEmpty ? "" : current.getHTML();
      area.dispatchEvent(new Event("input", { bubbles: true })); // also for what a button or a dialog has changed
    },
  });
  box.prepend(toolbar(editor, label, { askForLink, askForPicture: pictures && ((current) => pictures.ask(current)) }));
  area.value = editor.isEmpty ? "" : editor.getHTML();
  area.hidden = true;
  for (const way of document.querySelectorAll(`label[for="${area.id}"], a[href="#${area.id}"]`)) {
    way.addEventListener("click", (event) => {
      event.preventDefault(); // the text area that it names is hidden
      editor.commands.focus();
    });
  }
  editor.view.dispatch(editor.state.tr);
}

export function replaceAll(pictures) {
  for (const area of document.querySelectorAll("textarea[data-rich-text]")) replace(area, pictures);
}
