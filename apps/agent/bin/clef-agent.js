#!/usr/bin/env node
import "../dist/clef-agent.js";
