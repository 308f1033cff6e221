import { registeredSchemas } from '@airline/events-schemas/registry/registered-schemas';
import { CfnSchema } from 'aws-cdk-lib/aws-eventschemas';
import { Construct } from 'constructs';

export interface PublishedSchemasProps {
  /** The producer, e.g. `airline.seats`. */
  readonly source: string;
  /** Name of the platform's schema registry. */
  readonly registryName: string;
}

/**
 * The schemas of a producer's events, in the registry where whoever wants to hear them looks. They are deployed with what publishes the
 * events; a changed schema becomes the next version there.
 */
export class PublishedSchemas extends Construct {
  constructor(scope: Construct, id: string, { source, registryName }: PublishedSchemasProps) {
    super(scope, id);
    const schemas = registeredSchemas(source);
    if (schemas.length === 0)
      throw new Error(`The contract has no event of ${source}: see x-source in events-schemas/schemas.`);
    for (const { detailType, name, description, content } of schemas) {
      new CfnSchema(this, detailType, {
        type: 'JSONSchemaDraft4',
        registryName,
        schemaName: name,
        description,
        content,
      });
    }
  }
}
