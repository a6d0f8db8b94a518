import { runCommandProcess } from "./command-process.js";

const { argv, execArgv, execPath } = process;

// It is bundled as CommonJS, which cannot wait at its top.
void runCommandProcess([execPath, ...execArgv, ...argv.slice(1)]);
