/* What fat.c and dir.c share. Not for callers of the library. */
#ifndef LOADER_FAT_INTERNAL_H
#define LOADER_FAT_INTERNAL_H

#include "loader/fat/fat.h"

/* In place of a cluster: the chain is over. */
#define FAT_END UINT32_MAX

uint32_t fat_u16(const uint8_t *at);
uint32_t fat_u32(const uint8_t *at);

/* Have `sector` of the volume in fat->buffer. PC_ERR_FORMAT: not in the volume. */
pc_status fat_load(struct fat *fat, uint32_t sector);

bool fat_is_cluster(const struct fat *fat, uint32_t cluster);

/* The first sector of a cluster, which is one. */
uint32_t fat_cluster_sector(const struct fat *fat, uint32_t cluster);

/* Go to cluster number `index` of the chain, from where it is or from its start. The place right behind its last
 * cluster can be gone to: chain->cluster is FAT_END then. PC_ERR_FORMAT: the chain ends before, leaves the volume, or
 * is longer than the volume. */
pc_status fat_chain_seek(struct fat *fat, struct fat_chain *chain, uint32_t index);

#endif
