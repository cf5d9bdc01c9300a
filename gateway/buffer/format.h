// SPDX-License-Identifier: Apache-2.0
#pragma once

/*
 * The buffer's format on disk. All integers are little-endian, all times microseconds.
 *
 * The folder holds
 *
 *     lock            held by flock while a process has the buffer open; its text is that process's id
 *     000000000007.seg  ...  segments, read in the order of their ids
 *     checkpoint.0, checkpoint.1   the streams' names and sequences, two slots written in turn
 *     cursors         what each outlet has been acknowledged for, three slots in one file
 *     ledger.0, ledger.1           what some outlet will never get, twice the same
 *     *.damaged       files that could not be read and were set aside; nothing reads them, the newest few are kept
 *
 * SEGMENT. A header, then a state frame when it is small enough, then frames of records, each beginning at a multiple of
 * 8 bytes. The file is made at its full size (zeros; smaller where the disk has less free) and cut to its used length when
 * it is closed. A segment is written by one boot and one process only: every open begins a new one. A segment whose file
 * somebody removes is given up like one whose sync failed.
 *
 *      0  8  magic "citygwSG"
 *      8  4  version
 *     12  4  epoch: four characters
 *     16  8  id, as in the file's name
 *     24  8  number of the first record
 *     32 16  boot id of the machine when it was made
 *     48  8  secret: random bytes of this buffer, see below
 *     56  8  wall time when it was made
 *     64  8  boot time when it was made
 *     72  8  wall time of the newest commit in the segment before
 *     80  8  boot time of the same
 *     88  8  least time of a record in the segment before
 *     96  8  greatest
 *    104  4  flags: 1 the wall clock was synchronised now, 2 it was at that commit before, 4 there was a commit before,
 *            8 those least and greatest times are known
 *    108  4  CRC32C of the 108 bytes before
 *
 * The header is a help, not a need: what a header damage takes is known from the file's name (id), the checkpoint (epoch,
 * secret) and the frames (first number), so that the segment's records are still served. With the times of "the segment
 * before" a start needs to read only the headers of old segments.
 *
 * FRAME. One pack of records, durable whole or not at all; or the state (see CHECKPOINT) at this place of the log.
 *
 *      0  4  magic
 *      4  4  length of the frame in bytes, padding not counted
 *      8  8  number of the first record (of the record that follows, in a state frame)
 *     16  8  durable: when this frame was written, every record below this number had been synced
 *     24  8  wall time of the commit
 *     32  8  boot time of the commit
 *     40  2  records in this frame (0 in a state frame)
 *     42  2  size of the key
 *     44  1  type: 1 records, 2 state, 4 losses (see LEDGER)
 *     45  1  flags: 1 the wall clock was synchronised
 *     46  2  zero
 *     48  4  CRC32C of the body (everything from byte 56)
 *     52  4  CRC32C of the 52 bytes before
 *     56     key, then the records (or the state); zeros up to a multiple of 8
 *
 * RECORD: stream 4, size of payload 4, sequence 8, time 8, class and flags 1, what the flags add, payload. The lower half
 * of the class's byte is the class; the flags are
 *
 *     16  newest: when it was appended, no record of its stream had a later time (those ahead of the wall clock count as
 *         now); set also where it is unsure
 *     32  unsure: the clock was not synchronised; 8 bytes follow: the time since boot
 *     64  copied: an event that stood in a segment which made room; 16 bytes follow: wall time and boot time of its first
 *         commit. When it is unsure, too, 8 more: its corrected time as far as known then (0: not known)
 *    128  copied, and its first commit was in the boot that wrote this segment
 *
 * Both CRCs of a frame begin from a seed made of the buffer's secret and the segment's id. So a frame is valid in its own
 * segment alone, and no payload can be made (by a sensor, say) that looks like a frame to the search after a damage.
 * The head has a CRC of its own so that the search tests 52 bytes at a place, not a whole frame.
 *
 * MAKING ROOM. When the oldest segment must go for want of space, the events in it that an outlet waits for, or that are
 * younger than keep_delivered, are first copied forward: as records of the flag 64, with new numbers and their old
 * sequences, into the segment that was just made, which is synced before the old one goes. At most half a segment of them
 * goes forward in one go; of more, the oldest are lost like routine readings and stand in the ledger. Where the disk is so
 * full that no segment can be made at all, not even of 64 kB, they are carried in memory while the old segment is removed
 * and are the first to be written after that: this alone is a moment in which a power cut can cost events. A cut anywhere
 * else leaves the old segment, or the copies, or both: then an event is there twice, with the same sequence.
 * The new segment is made before old ones go, so that for a moment there is one more than the limit allows.
 *
 * DAMAGE OR TORN TAIL. Frames are contiguous in bytes and numbers. Where one does not read, its number tells what
 * happened: if anything proves that this number had been synced (a later frame's `durable`, the next segment's first
 * number, the checkpoint, a cursor), it is damage: counted, reported, stepped over. Without proof it is what a power cut
 * left of the last, never acknowledged group: the segment is cut there and nothing was lost.
 * A segment whose write or sync failed is given up, and the group is written again, with the same numbers, to a new
 * one. So a segment ends where the next one's first number says, whatever else stands in it.
 *
 * CHECKPOINT. Everything that cannot be computed from later frames.
 *
 *      0  8  magic "citygwCP"
 *      8  4  version
 *     12  4  CRC32C of everything from byte 16
 *     16  8  generation; the older slot is overwritten next
 *     24  4  size of the state
 *     28     the state:
 *             4  epoch
 *             8  secret
 *             8  next: records below this number are counted in the sequences below
 *             8  id of the newest segment that was made: what stands in a later file was never of use
 *             8  the sequence that a new stream begins with (1, unless a damage took streams that we do not know)
 *             1  count of corrections of unsure times, then for each: first number 8, end 8, wall time at boot 8
 *             4  count of streams, then for each: next sequence 8, latest time of a record 8 (the least integer: none),
 *                number of that record 8 (0: none), length of name 1 (0: not known), name
 *
 * It is synced whenever a segment is made, before records of a new stream are written, and before a segment that it does
 * not cover is removed. The state at the beginning of every segment is the third copy.
 *
 * CURSORS. Three slots, at 0, 40960 and 81920, of which only as much is written as is used: the last one synced, the one
 * that is being synced, and the one that is written to meanwhile, so that a torn write leaves another.
 *
 *      0  8  magic "citygwCU"
 *      8  4  version
 *     12  4  CRC32C of everything from byte 16 to the end of the slot's content
 *     16  8  generation
 *     24  4  count, then for each outlet: length of name 1, name, count of ranges 1, then for each range of numbers that it
 *            has not been acknowledged for: first 8, end 8 (one past the last; all ones in the last range, which is open)
 *
 * LEDGER. Two files of the same content, written and synced one after the other, so that no single damage takes a line.
 *
 *      0  8  magic "citygwLG"
 *      8  4  version
 *     12  4  CRC32C of the 16 bytes that follow
 *     16  8  generation
 *     24  8  how many batches the generations before had: of two generations, the one with more of them in all counts
 *     32     frames of type 4, whose CRCs begin from the secret and the inverse of the generation. Their number counts
 *            from 1; the first holds all that was known when the generation began, each one after it what one event added:
 *             8  evicted: records below this number made room, see below
 *             8  readings lost by reason up to here, all outlets: full; then 8 too old, 8 damaged
 *             8  entries joined for want of room up to here
 *             4  count of entries, then for each: stream 4, reason 1, first sequence 8, last sequence 8, how many of these
 *                are lost 8, wall time of the first loss 8, of the last 8, length of the outlet's name 1, name
 *
 * What a segment takes with it is entered and synced before the segment is removed; that the entry reads is what decides
 * that the segment is gone: a start that still finds the file removes it, so that nothing is entered twice. Where the disk
 * is so full that the ledger cannot be written, the segment goes first, and the entry is written into the room that it
 * left: a power cut just between the two loses the entry (not more).
 * A new generation (all of it, once more) begins when the file has grown long, or when one of the two could not be
 * written or does not read.
 */

enum {
    FORMAT_VERSION = 2,
    SEGMENT_HEADER_SIZE = 112,
    SEGMENT_BYTES_MIN = 4096,
    SEGMENT_BYTES_MAX = 64 << 20,
    FRAME_HEADER_SIZE = 56,
    RECORD_HEADER_SIZE = 25,
    CURSOR_SLOT_SIZE = 40960, // 32 outlets with 65 ranges and names of 64 bytes
    STREAM_NAME_MAX = 255,
};

#define SEGMENT_MAGIC "citygwSG"
#define CHECKPOINT_MAGIC "citygwCP"
#define CURSORS_MAGIC "citygwCU"
#define LEDGER_MAGIC "citygwLG"
#define FRAME_MAGIC 0x4d415246u // "FRAM"

enum segment_flag {
    SEGMENT_WALL_SYNCED = 1,
    SEGMENT_BEFORE_SYNCED = 2,
    SEGMENT_BEFORE_KNOWN = 4,
    SEGMENT_TIMES_KNOWN = 8
};
enum frame_type { FRAME_RECORDS = 1, FRAME_STATE = 2, FRAME_LOSSES = 4 };
enum frame_flag { FRAME_WALL_SYNCED = 1 };
enum record_flag {
    RECORD_CLASS = 15,
    RECORD_NEWEST = 16,
    RECORD_UNSURE = 32,
    RECORD_COPIED = 64,
    RECORD_SAME_BOOT = 128
};
