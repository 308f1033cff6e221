import { registeredSchemas } from '@airline/events-schemas/registry/registered-schemas';
import { CfnSchema } from 'aws-cdk-lib/aws-eventschemas';
import { Construct } from 'constructs';

export interface PublishedSchemasProps {
  /** The producer's `source`, e.g. `airline.seats`. */
  readonly source: string;
  /** Name of the platform's schema registry. */
  readonly registryName: string;
}

/**
 * Registers the schemas of a producer's events in the platform's schema registry. They belong to the producer's
 * stack, so a schema is deployed together with the code that publishes the event. A changed schema becomes a new
 * version there.
 * @throws Error when the contract has no event of this source
 */
export class PublishedSchemas extends Construct {
  constructor(scope: Construct, id: string, { source, registryName }: PublishedSchemasProps) {
    super(scope, id);
    const schemas = registeredSchemas(source);
    if (schemas.length === 0)
      throw new Error(`The contract has no event with the source ${source}. See x-source in events-schemas/schemas.`);
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
