// Where the standalone binary starts: it holds one CommonJS file, which cannot wait at its top.

import { runCommandProcess } from "./command-process.js";
import { startWithoutNodeVariables } from "./node-variables.js";

startWithoutNodeVariables(process);
void runCommandProcess();
