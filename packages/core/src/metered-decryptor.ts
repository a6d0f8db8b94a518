import type { Decryptor } from "@clef-sh/decryptors";
import type { Clock } from "./clock.js";
import { measure } from "./measure.js";
import type { AgentMeasurement } from "./measurement.js";

/** A decryptor that tells how long each decryption took; one that was aborted counts for nothing. */
export function meteredDecryptor(
	decryptor: Decryptor,
	clock: Clock,
	onMeasurement: (measurement: AgentMeasurement) => void,
): Decryptor {
	return {
		get credentialProblem() {
			return decryptor.credentialProblem;
		},
		decrypt: (artifact, signal) =>
			measure(
				clock,
				"DECRYPT_UNWRAP_FAILED",
				() => decryptor.decrypt(artifact, signal),
				({ code, durationMs }) => {
					if (signal.aborted) return;
					const { kind: encryption } = artifact.encryption;
					onMeasurement({ event: "secrets.decrypted", at: clock.now(), durationMs, encryption, code });
				},
			),
	};
}
