import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { onTestFinished } from "vitest";
import { inherited } from "./command.js";
import { eventually } from "./eventually.js";

/** What came in one datagram, and from whom. */
export interface Notification {
	readonly text: string;
	/** When it came, on the clock that systemd compares with. */
	readonly monotonicMicroseconds: number;
}

/**
 * Receives as systemd does: a name with @ is abstract, and a descriptor that comes along is closed, which is what
 * the sender of BARRIER=1 waits for.
 */
const RECEIVER = `
import array, json, os, socket, sys, time
name = sys.argv[1]
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind("\\0" + name[1:] if name.startswith("@") else name)
print("{}", flush=True)
while True:
    data, ancillary, _, _ = receiver.recvmsg(4096, 4096)
    for level, kind, content in ancillary:
        if kind == socket.SCM_RIGHTS:
            descriptors = array.array("i")
            descriptors.frombytes(content)
            for descriptor in descriptors: os.close(descriptor)
    at = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    print(json.dumps({"text": data.decode(), "monotonicMicroseconds": at}), flush=True)
`;

/** The receiving end of NOTIFY_SOCKET. */
export class NotificationReceiver {
	readonly #child: ChildProcess;
	#output = "";

	private constructor(child: ChildProcess) {
		this.#child = child;
		child.stdout?.setEncoding("utf8").on("data", (text: string) => {
			this.#output += text;
		});
	}

	/** Binds the socket and resolves when it can be sent to. */
	static async on(socket: string): Promise<NotificationReceiver> {
		const child = spawn("python3", ["-c", RECEIVER, socket], {
			stdio: ["ignore", "pipe", "inherit"],
			env: inherited(),
		});
		const receiver = new NotificationReceiver(child);
		onTestFinished(() => receiver.close());
		await eventually("a bound socket", () => receiver.#output.includes("\n"));
		return receiver;
	}

	/** What came so far, without the barriers. */
	get notifications(): readonly Notification[] {
		const lines = this.#output.split("\n").slice(1, -1);
		return lines.map((line) => JSON.parse(line)).filter(({ text }) => text !== "BARRIER=1");
	}

	/** All assignments that came, in order. */
	get assignments(): readonly string[] {
		return this.notifications.flatMap(({ text }) => text.split("\n").filter(Boolean));
	}

	/** Waits for this assignment to have come this often. */
	received(assignment: string, times = 1): Promise<true> {
		return eventually(`${assignment} among ${this.#output}`, () => {
			return this.assignments.filter((one) => one === assignment).length >= times || undefined;
		});
	}

	/** Goes away, as a manager would that crashed. */
	async close(): Promise<void> {
		if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
		this.#child.kill("SIGKILL");
		await once(this.#child, "exit");
	}
}
