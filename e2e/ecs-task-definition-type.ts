import type { ContainerDefinition, RegisterTaskDefinitionCommandInput } from "@aws-sdk/client-ecs";

/** What every container here must have; ECS would do without most of it. */
type Container = ContainerDefinition & Required<Pick<ContainerDefinition, "name" | "image" | "essential">>;

/** A task definition as ECS's own API takes it. */
export type TaskDefinitionJson = Omit<RegisterTaskDefinitionCommandInput, "containerDefinitions"> & {
	containerDefinitions: Container[];
};
