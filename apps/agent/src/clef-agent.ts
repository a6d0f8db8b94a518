import { runCommandProcess } from "./command-process.js";

const { argv, execArgv, execPath } = process;

await runCommandProcess([execPath, ...execArgv, ...argv.slice(1)]);
