/* YMODEM into an update: see update_sink.h. */
#include "loader/update_sink.h"

static pc_status sink_begin(void *ctx, const char *name, uint32_t size)
{
  (void)name;
  return update_begin(ctx, size);
}

static pc_status sink_data(void *ctx, uint32_t offset, const uint8_t *bytes, uint32_t length)
{
  const struct update *u = ctx;
  return offset == u->received ? update_write(ctx, bytes, length) : PC_ERR_TRANSFER;
}

static pc_status sink_end(void *ctx)
{
  pc_status status = update_finish(ctx);
  return status == PC_OK ? update_install(ctx) : status;
}

static void sink_abort(void *ctx, pc_status reason)
{
  (void)reason;
  if (!update_delivered(ctx))
    (void)update_abort(ctx);
}

bool update_delivered(const struct update *u)
{
  return u->step == UPDATE_REQUESTED;
}

void update_sink(struct ymodem_sink *sink, struct update *u)
{
  sink->begin = sink_begin;
  sink->data = sink_data;
  sink->end = sink_end;
  sink->abort = sink_abort;
  sink->ctx = u;
}
