/*
** What the Go side calls. See statement.c.
*/
#ifndef MUSTER_STATEMENT_H
#define MUSTER_STATEMENT_H

#include <stdint.h>

typedef struct sqlite3 sqlite3;
typedef struct sqlite3_stmt sqlite3_stmt;

/* What a value is. The numbers are SQLite's. */
enum { NUMBER = 1, FRACTION = 2, TEXT = 3, BYTES = 4, NOTHING = 5 };

/* How muster_run runs a statement. */
enum {
  BIND = 1,   /* bind the arguments and begin; otherwise go on where the last call stopped */
  FINISH = 2, /* end the statement in any case */
  COMMIT = 4, /* the statement is COMMIT: write its frames many at once */
  MOVE = 8,   /* the statement moves the WAL: write in pieces */
};

/* What muster_run has done. */
struct outcome {
  int64_t changes; /* the rows changed, if the statement has ended */
  int32_t rows;    /* the rows written */
  int32_t used;    /* the bytes written */
  int32_t wanted;  /* the bytes that the next row needs, if the buffer has no room for it */
  int32_t ended;   /* whether the statement has ended */
};

int muster_open(const char *name, int flags, const char *vfs, int reserve, int busy, sqlite3 **db);
int muster_prepare(sqlite3 *db, const char *text, int length, sqlite3_stmt **statement);
int muster_script(sqlite3 *db, const char *text);
int muster_run(sqlite3 *db, sqlite3_stmt *statement, int how, int most, const unsigned char *arguments, int count,
               unsigned char *to, int room, struct outcome *outcome);
int muster_cached(sqlite3 *db);
int muster_columns(sqlite3_stmt *statement);
void muster_interrupt(sqlite3 *db);
int muster_finalize(sqlite3_stmt *statement);
int muster_close(sqlite3 *db);
const char *muster_message(sqlite3 *db, int code);
int muster_cause(sqlite3 *db, int code);

#endif
