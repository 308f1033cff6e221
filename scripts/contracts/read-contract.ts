import {
  type Contract,
  contractOf,
  readSchemaFiles,
  type SchemaFiles,
} from '@airline/events-schemas/compatibility/contract';
import { UnsupportedSchemaError } from '@airline/events-schemas/compatibility/json-schema';
import { UsageError } from '../cli/usage-error.ts';

/**
 * The contract as it stands in a folder of schemas.
 * @throws UsageError naming the file that its author must put right
 */
export function readContract(folder?: string): { schemas: SchemaFiles; contract: Contract } {
  try {
    const schemas = readSchemaFiles(folder);
    return { schemas, contract: contractOf(schemas) };
  } catch (error) {
    throw error instanceof UnsupportedSchemaError ? new UsageError(error.message) : error;
  }
}
