import { runCommandProcess } from "./command-process.js";

await runCommandProcess();
