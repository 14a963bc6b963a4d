// The rich-text editor of the authoring pages: a toolbar of our own over ProseMirror. What it can make is what the server
// keeps. Without this script the text areas stay, and take plain paragraphs.
import {
  Blockquote, Bold, BulletList, Document, Editor, Gapcursor, HardBreak, Heading, History, Italic, Link, ListItem, OrderedList,
  Node, Paragraph, Subscript, Superscript, Table, TableCell, TableHeader, TableRow, Text,
} from "django-prose-editor/editor";
import { toolbar } from "./toolbar.js";

const page = document.querySelector("form#edit");
const protocol = page?.dataset.protocol; // pictures belong to a draft; other texts have none

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

// A picture of ours, by its address alone: what is pasted from elsewhere is no picture here, and the server drops it too.
const OURS = /^\/protocols\/pictures\/[0-9a-f]{64}\/$/;
const addressOf = (element) => {
  const address = element.getAttribute("src") ?? "";
  return address.startsWith(`${location.origin}/`) ? address.slice(location.origin.length) : address;
};
const Picture = Node.create({
  name: "picture",
  group: "inline",
  inline: true,
  draggable: true,
  addAttributes() {
    return {
      src: { default: "", parseHTML: addressOf },
      alt: { default: "" },
      width: { default: null },
      height: { default: null },
    };
  },
  parseHTML() {
    return [{ tag: "img[src]", getAttrs: (element) => OURS.test(addressOf(element)) && null }];
  },
  renderHTML({ HTMLAttributes }) {
    return ["img", HTMLAttributes];
  },
});

// What the server keeps as an address. A word with a dot in it is none: authors forget the blank after a full stop.
const leadsSomewhere = (address) => /^(https?:\/\/\S|mailto:\S|tel:\S|\/(?!\/)\S*$)/i.test(address);

const extensions = [
  Document, Paragraph, Text, HardBreak, Gapcursor, History, Bold, Italic, Subscript, Superscript, BulletList, OrderedList, ListItem,
  Heading.configure({ levels: [3, 4] }), Callout, Link.configure({ enableTarget: false, shouldAutoLink: leadsSomewhere }),
  CaptionedTable.configure({ resizable: false }), TableRow, TableHeader, TableCell,
  ...(protocol ? [Picture] : []),
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
function teller(dialog) {
  const alert = dialog.querySelector(".error-summary");
  return (sentence) => { alert.hidden = !sentence; alert.firstElementChild.textContent = sentence; };
}

const PICTURES = "/api/v1/pictures/";

// Why the server said no, in its own words.
async function refusal(answer) {
  const problem = await answer.json().catch(() => ({}));
  const words = (problem.reasons ?? []).map((reason) => reason.message ?? reason).join(" ");
  return words || problem.detail || "The picture was not added. Check the connection and try again.";
}

// Asks for a picture and what it shows; or, for one that is selected, only for what it shows.
async function askForPicture(editor, file = null) {
  const selected = editor.isActive("picture") ? editor.getAttributes("picture") : null;
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-labelledby", "picture-title");
  dialog.innerHTML = `<form novalidate><div class="dialog-head"><div><h2 id="picture-title"></h2></div></div>
    <div class="dialog-body stack"><div class="error-summary" role="alert" hidden><p></p></div>
    <div class="field" data-new><label for="picture-file">Picture</label><span class="hint" id="picture-file-hint">PNG or JPEG, at most 10 MB. No patient in it. Where and when it was taken is removed.</span>
    <input id="picture-file" type="file" accept=".png,.jpg,.jpeg,image/png,image/jpeg" aria-describedby="picture-file-hint"></div>
    <fieldset class="field" data-new data-shelf hidden><legend>Or one that this draft has already</legend><div class="picture-shelf"></div></fieldset>
    <div class="field"><label for="picture-words">What it shows</label><span class="hint" id="picture-words-hint">Read aloud to whoever cannot see it: what somebody has to know from it.</span>
    <input id="picture-words" maxlength="300" aria-describedby="picture-words-hint" autocomplete="off" required></div></div>
    <div class="dialog-foot"><button type="button" class="quiet">Cancel</button><button class="primary"></button></div></form>`;
  const [input, words] = dialog.querySelectorAll("input");
  const [cancel, set] = dialog.querySelectorAll(".dialog-foot button");
  const say = teller(dialog);
  dialog.querySelector("h2").textContent = selected ? "What does the picture show?" : "Put a picture into the text";
  set.textContent = selected ? "Set the words" : "Put it in";
  words.value = selected?.alt ?? "";
  for (const part of dialog.querySelectorAll("[data-new]")) part.hidden = Boolean(selected) || "shelf" in part.dataset;
  if (file) {
    const files = new DataTransfer();
    files.items.add(file);
    input.files = files.files;
  }
  let chosen = null;
  if (!selected) fillShelf(dialog, (picture) => { chosen = picture; words.value = picture.description; input.value = ""; });
  input.addEventListener("change", () => { chosen = null; for (const one of dialog.querySelectorAll("[aria-pressed]")) one.setAttribute("aria-pressed", "false"); });
  cancel.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => { dialog.remove(); editor.commands.focus(); });
  dialog.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    event.stopPropagation();
    const alt = words.value.trim();
    if (!alt) { say("Say what the picture shows."); words.focus(); return; }
    if (selected) editor.chain().updateAttributes("picture", { alt }).run();
    else {
      if (!chosen && !input.files.length) { say("Choose a picture."); input.focus(); return; }
      set.disabled = true;
      try {
        const picture = chosen ?? await upload(input.files[0], alt);
        editor.commands.insertContentAt(editor.state.selection.to, { type: "picture", attrs: { src: picture.address, alt, width: picture.width, height: picture.height } }); // beside words that are selected, not in their place
      } catch (error) {
        say(error.message);
        set.disabled = false;
        return;
      }
    }
    dialog.close();
  });
  document.body.append(dialog);
  dialog.showModal();
  (selected || file ? words : input).focus();
}

async function upload(file, description) {
  const data = new FormData();
  data.set("protocol", protocol);
  data.set("version", page.elements.version.value);
  data.set("description", description);
  data.set("picture", file, file.name || "picture.png");
  const token = page.querySelector("[name=csrfmiddlewaretoken]").value;
  const answer = await fetch(PICTURES, { method: "POST", body: data, headers: { "X-CSRFToken": token, Accept: "application/json" } });
  if (!answer.ok) throw new Error(await refusal(answer));
  return answer.json();
}

// The pictures that the draft has already, as buttons.
async function fillShelf(dialog, choose) {
  const answer = await fetch(`${PICTURES}?protocol=${encodeURIComponent(protocol)}`, { headers: { Accept: "application/json" } });
  if (!answer.ok) return;
  const { results } = await answer.json();
  const buttons = results.map((picture) => {
    const element = document.createElement("button");
    element.type = "button";
    element.setAttribute("aria-pressed", "false");
    const image = document.createElement("img");
    image.src = picture.address;
    image.alt = picture.description;
    element.append(image);
    element.addEventListener("click", () => {
      for (const other of buttons) other.setAttribute("aria-pressed", other === element);
      choose(picture);
    });
    return element;
  });
  dialog.querySelector(".picture-shelf").replaceChildren(...buttons);
  dialog.querySelector("[data-shelf]").hidden = !buttons.length;
}

// A picture that is pasted or dropped is handed in like one that is chosen.
function pictureAmong(files) {
  return protocol ? [...(files ?? [])].find((file) => ["image/png", "image/jpeg"].includes(file.type)) : undefined;
}

// What is pasted brings headings of levels that a section has not, and handlers and styles that the page's policy refuses:
// without them the browser has nothing to complain about.
function fitting(html) {
  return html
    .replace(/<style\b[^]*?<\/style>/gi, "")
    .replace(/<(\/?)h([1256])\b/gi, (tag, slash, level) => `<${slash}h${level < 3 ? 3 : 4}`)
    .replace(/<(?:[^>"']|"[^"]*"|'[^']*')+>/g, (tag) => tag.replace(/\s(?:on\w+|style)\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)/gi, ""));
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
    content: area.value === area.defaultValue ? area.dataset.html : area.value, // unless the browser has brought back what was typed
    editorProps: {
      transformPastedHTML: fitting,
      handlePaste: (view, event) => {
        const file = !event.clipboardData?.getData("text/html") && pictureAmong(event.clipboardData?.files);
        if (file) askForPicture(editor, file);
        return Boolean(file);
      },
      handleDrop: (view, event, slice, moved) => {
        const file = !moved && pictureAmong(event.dataTransfer?.files);
        if (file) askForPicture(editor, file);
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
  box.prepend(toolbar(editor, label, { askForLink, askForPicture: protocol && ((current) => askForPicture(current)) }));
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

for (const area of document.querySelectorAll("textarea[data-rich-text]")) replace(area);
