#!/usr/bin/env node
require("../dist/clef-agent.js");
