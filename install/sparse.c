/* Reading the table of a sparse candidate: see sparse.h. */
#include "install/sparse.h"

#include <string.h>

const uint8_t sparse_mark[8] = {'S', 'P', 'A', 'R', 'S', 'E', '0', '1'};

bool sparse_is(const struct flash_area *download)
{
  uint8_t found[sizeof sparse_mark];
  return sparse_room(download) != 0 && flash_read(download, SPARSE_AT_MARK, found, sizeof found) == PC_OK &&
         memcmp(found, sparse_mark, sizeof found) == 0;
}

pc_status sparse_find(const struct flash_area *download, uint32_t page, struct sparse_page *found)
{
  const uint32_t room = sparse_room(download);
  uint32_t behind = 0; /* the run before ends here */
  found->stored = found->first = false;
  for (uint32_t i = 0; i < room; i++) {
    uint32_t run[SPARSE_RUN / 4];
    pc_status status = flash_read(download, SPARSE_AT_RUNS + i * SPARSE_RUN, run, sizeof run);
    if (status != PC_OK)
      return status;
    if (run[0] == UINT32_MAX && run[1] == UINT32_MAX)
      return PC_OK;
    if (run[0] != ~run[6] || run[1] != ~run[7] || run[0] >= run[1] || run[0] < behind)
      return PC_ERR_FORMAT;
    behind = run[1];
    if (page < run[0])
      return PC_OK;
    if (page < run[1]) {
      found->stored = true;
      found->first = page == run[0];
      memcpy(found->iv, run + 2, IMAGE_BLOCK);
      return PC_OK;
    }
  }
  return PC_OK;
}
