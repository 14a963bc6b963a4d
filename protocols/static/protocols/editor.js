// The editor of a protocol's sections: it puts pictures into the text of a draft, to which they belong.
import { Node } from "django-prose-editor/editor";
import { replaceAll, teller } from "../editor/editor.js";

const page = document.querySelector("form#edit");
const protocol = page?.dataset.protocol;

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

replaceAll(protocol && { node: Picture, ask: askForPicture });
