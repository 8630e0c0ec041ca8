//! What only a PostgreSQL database can go through: others' schemas, several processes, lost connections.
