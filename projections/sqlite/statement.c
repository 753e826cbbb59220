/*
** Runs a statement with one call from Go. A call from Go to C costs as much as SQLite needs
** for some columns, so it is not made for each argument, row and column: arguments come as
** one block of bytes, and rows go back as one.
**
** In both blocks a value is a byte that says what it is, and then
**
**	NUMBER, FRACTION  8 bytes in the order of this machine
**	TEXT, BYTES       the length as 4 bytes, and the bytes
**	NOTHING           nothing
*/
#include "statement.h"
#include "writing.h"

#include <string.h>

/*
** The part of SQLite's interface that is used here, as SQLite's own header declares it. The
** library comes with github.com/mattn/go-sqlite3, whose header a package of another module
** cannot include. The functions are weak because cgo links the objects of each package by
** themselves first, and there they are missing. The program is linked with all of them.
*/
#if defined(__APPLE__)
# define SQLITE_API extern
#else
# define SQLITE_API extern __attribute__((weak))
#endif

#define SQLITE_OK 0
#define SQLITE_IOERR 10
#define SQLITE_FULL 13
#define SQLITE_CANTOPEN 14
#define SQLITE_ROW 100
#define SQLITE_DONE 101
#define SQLITE_MISUSE 21
#define SQLITE_PREPARE_PERSISTENT 1
#define SQLITE_FCNTL_RESERVE_BYTES 38
#define SQLITE_DBSTATUS_CACHE_USED 1
#define SQLITE_STATIC ((void (*)(void *))0)
#define SQLITE_TRANSIENT ((void (*)(void *))-1)

typedef long long int sqlite3_int64;
typedef struct sqlite3_value sqlite3_value;

SQLITE_API int sqlite3_open_v2(const char *, sqlite3 **, int, const char *);
SQLITE_API int sqlite3_close(sqlite3 *);
SQLITE_API int sqlite3_extended_result_codes(sqlite3 *, int);
SQLITE_API int sqlite3_busy_timeout(sqlite3 *, int);
SQLITE_API int sqlite3_file_control(sqlite3 *, const char *, int, void *);
SQLITE_API int sqlite3_exec(sqlite3 *, const char *, int (*)(void *, int, char **, char **), void *, char **);
SQLITE_API int sqlite3_prepare_v3(sqlite3 *, const char *, int, unsigned int, sqlite3_stmt **, const char **);
SQLITE_API int sqlite3_step(sqlite3_stmt *);
SQLITE_API int sqlite3_reset(sqlite3_stmt *);
SQLITE_API int sqlite3_clear_bindings(sqlite3_stmt *);
SQLITE_API int sqlite3_finalize(sqlite3_stmt *);
SQLITE_API void sqlite3_interrupt(sqlite3 *);
SQLITE_API sqlite3_int64 sqlite3_changes64(sqlite3 *);
SQLITE_API int sqlite3_db_status(sqlite3 *, int, int *, int *, int);
SQLITE_API int sqlite3_extended_errcode(sqlite3 *);
SQLITE_API int sqlite3_system_errno(sqlite3*);
SQLITE_API const char *sqlite3_errmsg(sqlite3 *);
SQLITE_API const char *sqlite3_errstr(int);
SQLITE_API int sqlite3_bind_parameter_count(sqlite3_stmt *);
SQLITE_API int sqlite3_bind_int64(sqlite3_stmt *, int, sqlite3_int64);
SQLITE_API int sqlite3_bind_text(sqlite3_stmt *, int, const char *, int, void (*)(void *));
SQLITE_API int sqlite3_bind_blob(sqlite3_stmt *, int, const void *, int, void (*)(void *));
SQLITE_API int sqlite3_column_count(sqlite3_stmt *);
SQLITE_API sqlite3_value *sqlite3_column_value(sqlite3_stmt *, int);
SQLITE_API int sqlite3_value_type(sqlite3_value *);
SQLITE_API sqlite3_int64 sqlite3_value_int64(sqlite3_value *);
SQLITE_API double sqlite3_value_double(sqlite3_value *);
SQLITE_API const unsigned char *sqlite3_value_text(sqlite3_value *);
SQLITE_API const void *sqlite3_value_blob(sqlite3_value *);
SQLITE_API int sqlite3_value_bytes(sqlite3_value *);

/* muster_open opens a connection. It may fail and still set *db, which must be closed then. */
int muster_open(const char *name, int flags, const char *vfs, int reserve, int busy, sqlite3 **db){
  int code = sqlite3_open_v2(name, db, flags, vfs);
  if( code==SQLITE_OK ) code = sqlite3_extended_result_codes(*db, 1);
  if( code==SQLITE_OK ) code = sqlite3_busy_timeout(*db, busy);
  if( code==SQLITE_OK && reserve>0 ) code = sqlite3_file_control(*db, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserve);
  return code;
}

int muster_prepare(sqlite3 *db, const char *text, int length, sqlite3_stmt **statement){
  return sqlite3_prepare_v3(db, text, length, SQLITE_PREPARE_PERSISTENT, statement, 0);
}

int muster_script(sqlite3 *db, const char *text){ return sqlite3_exec(db, text, 0, 0, 0); }

/* bind_arguments binds the arguments. SQLite copies texts and bytes only if it is told to. */
static int bind_arguments(sqlite3_stmt *statement, const unsigned char *at, int count, void (*copy)(void *)){
  int i, code = SQLITE_OK;
  /* What follows the last parameter that the statement has is left out. */
  int most = sqlite3_bind_parameter_count(statement);
  for(i=1; i<=count && i<=most && code==SQLITE_OK; i++){
    int64_t number;
    uint32_t length;
    int what = *at++;
    switch( what ){
      case NUMBER:
        memcpy(&number, at, sizeof number);
        at += sizeof number;
        code = sqlite3_bind_int64(statement, i, number);
        break;
      case TEXT: case BYTES:
        memcpy(&length, at, sizeof length);
        at += sizeof length;
        if( what==TEXT ) code = sqlite3_bind_text(statement, i, (const char *)at, (int)length, copy);
        else code = sqlite3_bind_blob(statement, i, at, (int)length, copy);
        at += length;
        break;
      default: /* NOTHING: what is not bound is null */
        break;
    }
  }
  return code;
}

/*
** write_row writes the row and returns its length, which may be more than there is room for.
** It looks each column up once. The values of columns are not protected from other threads,
** which do not use the connection at the same time.
*/
static int64_t write_row(sqlite3_stmt *statement, int columns, unsigned char *to, int64_t room){
  int64_t used = 0;
  int i;
  for(i=0; i<columns; i++){
    sqlite3_value *value = sqlite3_column_value(statement, i);
    int what = sqlite3_value_type(value);
    if( used<room ) to[used] = (unsigned char)what;
    used++;
    switch( what ){
      case NUMBER: {
        int64_t number = sqlite3_value_int64(value);
        if( used+(int64_t)sizeof number<=room ) memcpy(to+used, &number, sizeof number);
        used += sizeof number;
        break;
      }
      case FRACTION: {
        double number = sqlite3_value_double(value);
        if( used+(int64_t)sizeof number<=room ) memcpy(to+used, &number, sizeof number);
        used += sizeof number;
        break;
      }
      case TEXT: case BYTES: {
        const void *from = what==TEXT ? (const void *)sqlite3_value_text(value) : sqlite3_value_blob(value);
        uint32_t length = (uint32_t)sqlite3_value_bytes(value);
        if( used+(int64_t)sizeof length+(int64_t)length<=room ){
          memcpy(to+used, &length, sizeof length);
          if( length>0 ) memcpy(to+used+sizeof length, from, length);
        }
        used += sizeof length + length;
        break;
      }
    }
  }
  return used;
}

/*
** muster_run binds the arguments and writes up to so many rows, as far as there is room. If
** most is 0, it runs the statement to its end and writes no rows.
**
** The arguments are only read during the call. A statement that may go on in a later call
** has copies of them.
*/
int muster_run(sqlite3 *db, sqlite3_stmt *statement, int how, int most, const unsigned char *arguments, int count,
               unsigned char *to, int room, struct outcome *outcome){
  int code = SQLITE_OK;
  /* A row that had no room in the last call is still the current one. */
  int pending = outcome->wanted>0;
  int columns = most==0 ? 0 : sqlite3_column_count(statement);
  outcome->rows = outcome->used = outcome->wanted = outcome->ended = 0;
  if( how & (COMMIT|MOVE) ) muster_begin_writing(how & COMMIT ? GATHERED : IN_PIECES);
  if( how & BIND ){
    pending = 0;
    code = bind_arguments(statement, arguments, count, how & FINISH ? SQLITE_STATIC : SQLITE_TRANSIENT);
  }
  while( code==SQLITE_OK && (most==0 || outcome->rows<most) ){
    int64_t length;
    if( !pending && (code = sqlite3_step(statement))!=SQLITE_ROW ) break;
    pending = 0;
    code = SQLITE_OK;
    if( most==0 ) continue;
    length = write_row(statement, columns, to+outcome->used, room-outcome->used);
    if( length>room-outcome->used ){
      outcome->wanted = (int32_t)length;
      break;
    }
    outcome->used += (int32_t)length;
    outcome->rows++;
  }
  if( code==SQLITE_DONE ){
    code = SQLITE_OK;
    outcome->changes = sqlite3_changes64(db);
    outcome->ended = 1;
  }
  if( code!=SQLITE_OK || outcome->ended || (how & FINISH) ){
    /* Resetting returns the code of the last step again, and keeps its message. */
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    outcome->ended = 1;
  }
  if( how & (COMMIT|MOVE) ) muster_end_writing();
  return code;
}

/* muster_cached returns how many bytes the cache of the connection takes. */
int muster_cached(sqlite3 *db){
  int now = 0, most;
  sqlite3_db_status(db, SQLITE_DBSTATUS_CACHE_USED, &now, &most, 0);
  return now;
}

int muster_columns(sqlite3_stmt *statement){ return sqlite3_column_count(statement); }
void muster_interrupt(sqlite3 *db){ sqlite3_interrupt(db); }
int muster_finalize(sqlite3_stmt *statement){ return sqlite3_finalize(statement); }
int muster_close(sqlite3 *db){ return sqlite3_close(db); }

/* muster_message describes the error of the last call. */
const char *muster_message(sqlite3 *db, int code){
  return db!=0 && sqlite3_extended_errcode(db)==code ? sqlite3_errmsg(db) : sqlite3_errstr(code);
}

/* muster_cause returns the system's error behind the last call, or 0 if there is none. */
int muster_cause(sqlite3 *db, int code){
  int primary = code & 0xff;
  if( db==0 || (primary!=SQLITE_IOERR && primary!=SQLITE_CANTOPEN && primary!=SQLITE_FULL) ) return 0;
  return sqlite3_extended_errcode(db)==code ? sqlite3_system_errno(db) : 0;
}
