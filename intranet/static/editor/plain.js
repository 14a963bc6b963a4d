// The editor for texts without pictures.
import { replaceAll } from "./editor.js";

replaceAll();
