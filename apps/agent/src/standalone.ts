// Where the standalone binary starts: it holds one CommonJS file, which cannot wait at its top.

import { runCommandProcess } from "./command-process.js";
import { startWithoutNodeVariables } from "./node-variables.js";

startWithoutNodeVariables(process);
// What follows the program are its own arguments; Node's options are in the program.
void runCommandProcess([process.execPath, ...process.argv.slice(2)]);
