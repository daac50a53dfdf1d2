import { mount } from "svelte";
import App from "./App.svelte";
import "./style.css";

const target = document.getElementById("page");
if (!target) throw new Error("no #page in index.html");
mount(App, { target });
