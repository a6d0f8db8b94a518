import { describe, expect, it } from "vitest";
import { isServiceLink } from "../../src/env/service-link.js";

describe("isServiceLink", () => {
	it.each([
		["CLEF_AGENT_PORT", "tcp://10.0.0.1:7779"],
		["CLEF_AGENT_PORT", "udp://10.0.0.1:7779"],
		["CLEF_AGENT_SERVICE_HOST", "10.0.0.1"],
		["CLEF_AGENT_SERVICE_PORT", "7779"],
		["CLEF_AGENT_SERVICE_PORT_HTTP", "7779"],
		["CLEF_AGENT_PORT_7779_TCP", "tcp://10.0.0.1:7779"],
		["CLEF_AGENT_PORT_7779_TCP_ADDR", "10.0.0.1"],
		["CLEF_AGENT_PORT_7779_TCP_PORT", "7779"],
		["CLEF_AGENT_PORT_7779_TCP_PROTO", "tcp"],
		["CLEF_AGENT_WEBHOOK_SERVICE_HOST", "10.0.0.2"],
		["CLEF_AGENT_WEBHOOK_PORT", "tcp://10.0.0.2:443"],
	])("takes %s=%s for one", (name, value) => {
		expect(isServiceLink(name, value)).toBe(true);
	});

	it.each([
		["CLEF_AGENT_PORT", "7779"],
		["CLEF_AGENT_PORT", "http://10.0.0.1"],
		["CLEF_AGENT_SERVICE", "10.0.0.1"],
		["CLEF_AGENT_SERVICE_HOSTS", "10.0.0.1"],
		["CLEF_AGENT_PORT_TCP", "7779"],
		["CLEF_AGENT_PORT_7779_TCP_NAME", "x"],
		["CLEF_AGENT_VERIFY_KEY", "tcp://10.0.0.1"],
		["OTHER_SERVICE_HOST", "10.0.0.1"],
	])("does not take %s=%s for one", (name, value) => {
		expect(isServiceLink(name, value)).toBe(false);
	});
});
