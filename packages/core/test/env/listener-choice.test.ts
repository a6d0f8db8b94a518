import { describe, expect, it } from "vitest";
import { config, problems } from "./environment.js";

const SOCKET = { CLEF_AGENT_SOCKET: "/run/clef/agent.sock" };
const ownersAlone = { path: "/run/clef/agent.sock", mode: 0o600, asksToken: true };

describe("where the API is to be had", () => {
	it("is a port, by default", () => {
		expect(config()).toMatchObject({ port: 7779 });
		expect(config()).not.toHaveProperty("socket");
	});

	it("is a socket as well, for its owner and with the token unless said otherwise", () => {
		expect(config(SOCKET)).toMatchObject({ port: 7779, socket: ownersAlone });
		expect(config({ ...SOCKET, CLEF_AGENT_SOCKET_MODE: "660" }).socket?.mode).toBe(0o660);
		expect(config({ ...SOCKET, CLEF_AGENT_SOCKET_AUTH: "none" }).socket).toEqual({
			...ownersAlone,
			asksToken: false,
		});
	});

	it("is a socket alone with CLEF_AGENT_PORT=none", () => {
		const { port, socket } = config({ ...SOCKET, CLEF_AGENT_PORT: "none" });
		expect([port, socket]).toEqual([undefined, ownersAlone]);
	});

	it.each([
		[
			"nowhere",
			{ CLEF_AGENT_PORT: "none" },
			"CLEF_AGENT_PORT is none and CLEF_AGENT_SOCKET is not set; set one of",
		],
		["a mode without a socket", { CLEF_AGENT_SOCKET_MODE: "0600" }, "CLEF_AGENT_SOCKET_MODE is set without"],
		["AUTH without a socket", { CLEF_AGENT_SOCKET_AUTH: "none" }, "CLEF_AGENT_SOCKET_AUTH is set without"],
		[
			"no token for a group",
			{ ...SOCKET, CLEF_AGENT_SOCKET_AUTH: "none", CLEF_AGENT_SOCKET_MODE: "0660" },
			"CLEF_AGENT_SOCKET_AUTH=none needs CLEF_AGENT_SOCKET_MODE=0600",
		],
		[
			"no mode",
			{ ...SOCKET, CLEF_AGENT_SOCKET_MODE: "rw" },
			"CLEF_AGENT_SOCKET_MODE must be an octal file mode",
		],
		[
			"digits too many",
			{ ...SOCKET, CLEF_AGENT_SOCKET_MODE: "17777" },
			"CLEF_AGENT_SOCKET_MODE must be an octal",
		],
	])("is never %s", (_, env, problem) => {
		expect(problems(env)).toEqual([expect.stringContaining(problem)]);
	});
});
