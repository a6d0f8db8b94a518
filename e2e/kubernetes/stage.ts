import { stringify } from "yaml";
import { type JsonObject, planted } from "../json.js";
import { itWith } from "../part.js";
import { documents, kustomized } from "./manifests.js";
import { type KubernetesTools, kubernetesTools } from "./tools.js";

const found = await kubernetesTools();

/** kubectl and Helm; where there are none, tests made by `itWithTools` do not run. */
export const tools: KubernetesTools = "missing" in found ? { kubectl: "", helm: "" } : found;

/** `it` for tests that need them. */
export const itWithTools: ReturnType<typeof itWith> = itWith({
	name: "kubectl and helm",
	present: !("missing" in found),
	...("missing" in found && found),
});

/** Rendered once for all mistakes, as YAML in which one can be put. */
const texts = new Map<string, Promise<string>>();

/** What an overlay asks for, but for a mistake. */
export async function withMistake(overlay: string, from: string, to: string): Promise<readonly JsonObject[]> {
	const rendered = texts.get(overlay) ?? render(overlay);
	texts.set(overlay, rendered);
	return documents(planted(await rendered, from, to));
}

async function render(overlay: string): Promise<string> {
	const objects = await kustomized(tools, `overlays/${overlay}`);
	return objects.map((object) => stringify(object)).join("---\n");
}
