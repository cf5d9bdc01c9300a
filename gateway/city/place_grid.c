// SPDX-License-Identifier: Apache-2.0
#include "place_grid.h"

#include "place_on_earth.h"
#include <stdlib.h>

#define CELL_DEG 0.0006
#define NOBODY UINT32_MAX
#define NOWHERE UINT64_MAX

struct place_grid {
    uint32_t *heads, *next; // of the chains, and of the items in them
    uint64_t *cells;        // of the items
    uint32_t mask;
};

struct place_grid *place_grid_create(uint32_t items_max)
{
    struct place_grid *grid = calloc(1, sizeof *grid);
    uint32_t heads = 64;
    if (!grid)
        return NULL;
    while (heads < items_max && heads < UINT32_C(1) << 30)
        heads *= 2;
    grid->mask = heads - 1;
    grid->heads = malloc(heads * sizeof *grid->heads);
    grid->next = malloc((items_max + 1) * sizeof *grid->next);
    grid->cells = malloc((items_max + 1) * sizeof *grid->cells);
    if (!grid->heads || !grid->next || !grid->cells) {
        place_grid_destroy(grid);
        return NULL;
    }
    for (uint32_t i = 0; i < heads; i++)
        grid->heads[i] = NOBODY;
    for (uint32_t i = 0; i < items_max; i++)
        grid->cells[i] = NOWHERE;
    return grid;
}

void place_grid_destroy(struct place_grid *grid)
{
    if (!grid)
        return;
    free(grid->heads);
    free(grid->next);
    free(grid->cells);
    free(grid);
}

static int64_t row_of(double latitude)
{
    return (int64_t)floor((latitude + 90) / CELL_DEG);
}

static int64_t columns_of(int64_t row)
{
    double width = cos(place_radian(((double)row + 0.5) * CELL_DEG - 90));
    return width * 360 > CELL_DEG ? (int64_t)(width * 360 / CELL_DEG) : 1;
}

static int64_t column_of(int64_t row, double longitude)
{
    return (int64_t)floor((longitude + 180) / 360 * (double)columns_of(row));
}

static uint64_t cell_of(int64_t row, int64_t column)
{
    int64_t columns = columns_of(row), around = column % columns;
    return (uint64_t)row << 32 | (uint64_t)(around < 0 ? around + columns : around);
}

static uint32_t *head_of(const struct place_grid *grid, uint64_t cell)
{
    uint64_t hash = cell * UINT64_C(0x9e3779b97f4a7c15);
    return &grid->heads[(uint32_t)(hash >> 32) & grid->mask];
}

void place_grid_take(struct place_grid *grid, uint32_t item)
{
    if (grid->cells[item] == NOWHERE)
        return;
    uint32_t *link = head_of(grid, grid->cells[item]);
    while (*link != item)
        link = &grid->next[*link];
    *link = grid->next[item];
    grid->cells[item] = NOWHERE;
}

void place_grid_put(struct place_grid *grid, uint32_t item, double latitude, double longitude)
{
    int64_t row = row_of(latitude);
    uint64_t cell = cell_of(row, column_of(row, longitude));
    if (grid->cells[item] == cell)
        return;
    place_grid_take(grid, item);
    uint32_t *head = head_of(grid, cell);
    grid->cells[item] = cell;
    grid->next[item] = *head;
    *head = item;
}

static void begin_cell(struct place_grid_walk *walk)
{
    walk->cell = cell_of(walk->row, walk->column);
    walk->item = *head_of(walk->grid, walk->cell);
}

// The columns of a row that the radius reaches; all of them when it goes around the pole.
static void begin_row(struct place_grid_walk *walk)
{
    int64_t columns = columns_of(walk->row);
    double edge = fmin(fabs(walk->latitude) + walk->radius_m / METRES_PER_DEGREE, 90);
    double width = METRES_PER_DEGREE * cos(place_radian(edge));
    double degrees = width * 180 > walk->radius_m ? walk->radius_m / width : 180;
    walk->column = column_of(walk->row, walk->longitude - degrees);
    walk->last_column = column_of(walk->row, walk->longitude + degrees);
    if (walk->last_column - walk->column >= columns)
        walk->last_column = walk->column + columns - 1;
    begin_cell(walk);
}

void place_grid_begin(const struct place_grid *grid, double latitude, double longitude, double radius_m,
                      struct place_grid_walk *ret_walk)
{
    double degrees = radius_m / METRES_PER_DEGREE;
    *ret_walk = (struct place_grid_walk){.grid = grid,
                                         .latitude = latitude,
                                         .longitude = longitude,
                                         .radius_m = radius_m,
                                         .row = row_of(fmax(latitude - degrees, -90)),
                                         .last_row = row_of(fmin(latitude + degrees, 90))};
    begin_row(ret_walk);
}

static bool next_cell(struct place_grid_walk *walk)
{
    if (walk->column < walk->last_column) {
        walk->column++;
        begin_cell(walk);
        return true;
    }
    if (walk->row == walk->last_row)
        return false;
    walk->row++;
    begin_row(walk);
    return true;
}

bool place_grid_next(struct place_grid_walk *walk, uint32_t *ret_item)
{
    do {
        while (walk->item != NOBODY) {
            uint32_t item = walk->item;
            walk->item = walk->grid->next[item];
            if (walk->grid->cells[item] == walk->cell) {
                *ret_item = item;
                return true;
            }
        }
    } while (next_cell(walk));
    return false;
}
